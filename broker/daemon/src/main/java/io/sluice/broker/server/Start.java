package io.sluice.broker.server;

import io.sluice.broker.audit.Audit;
import io.sluice.broker.jail.Jails;
import io.sluice.broker.lease.Maker;
import io.sluice.grant.sys.Closer;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Puts a broker together. */
public final class Start {
    private Start() {}

    /**
     * Listens and waits for the policy. Nothing is served before {@link Broker#run()}.
     *
     * @param compiler consumed
     * @throws Compiler.Refusal the policy is broken
     * @throws IOException a file can't be read or a socket can't be bound
     */
    public static Broker broker(Compiler compiler, Path socket, Path adminSocket, PrintStream audit, Wakeup wakeup)
            throws IOException, Compiler.Refusal {
        List<Listener> listeners = new ArrayList<>();
        try (Closer closer = new Closer()) {
            closer.add(compiler::close);
            for (Table table : Table.values()) {
                Listener listener = Listener.open(table == Table.TENANT ? socket : adminSocket, table);
                closer.add(listener::close);
                listeners.add(listener);
            }
            // Only now: whoever listens here alone may take away what a predecessor left.
            Maker maker = new Maker(new Jails(adminSocket.toAbsolutePath().toString()));
            closer.add(maker::close);
            State state = new State(compiler, new Audit(audit), maker);
            closer.release();
            return new Broker(state, listeners, wakeup);
        }
    }

    /** Opens the audit file for appending; {@code -} is standard output. */
    public static PrintStream auditStream(String where) throws IOException {
        if (where.equals("-")) {
            return System.out;
        }
        return new PrintStream(new FileOutputStream(where, true), false, StandardCharsets.UTF_8);
    }
}
