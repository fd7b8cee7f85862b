package io.sluice.cli;

import com.google.gson.JsonObject;
import io.grpc.StatusRuntimeException;
import java.io.PrintStream;
import java.util.concurrent.Callable;
import java.util.function.Supplier;

/** A command that does something. Its globals and its terminal are given, the rest picocli fills in. */
abstract class Action implements Callable<Integer> {
    final Globals globals;
    final Terminal terminal;

    Action(Globals globals, Terminal terminal) {
        this.globals = globals;
        this.terminal = terminal;
    }

    final PrintStream out() {
        return terminal.out();
    }

    /** Prints one or the other; the other is not even made, as descriptors of messages are slow to load. */
    final void print(Supplier<JsonObject> json, Supplier<String> text) {
        out().println(globals.json ? json.get().toString() : text.get());
    }

    /** A command that calls a worker or a gateway. */
    abstract static class Calling extends Action {
        private final Target target;

        Calling(Target target, Globals globals, Terminal terminal) {
            super(globals, terminal);
            this.target = target;
        }

        /** What could not be done, for the error, for example "cannot list ports". */
        abstract String failing();

        /** Calls and prints. A status that is not OK becomes a {@link Failure}. */
        abstract void run(Remote remote);

        @Override
        public final Integer call() throws Exception {
            try (Remote remote = Remote.open(target, globals, terminal, failing())) {
                try {
                    run(remote);
                } catch (StatusRuntimeException e) {
                    throw remote.failure(e, failing());
                }
            }
            return ExitCode.OK.number();
        }
    }
}
