package io.sluice.cli;

import com.google.gson.JsonObject;
import io.sluice.worker.v1.Attempt;
import io.sluice.worker.v1.DataPathThread;
import io.sluice.worker.v1.GetInfoRequest;
import io.sluice.worker.v1.Info;
import io.sluice.worker.v1.WorkerGrpc;
import java.util.HexFormat;
import picocli.CommandLine.Command;

/** {@code sluice info}. */
@Command(
        name = "info",
        description = "Tells who the worker is, and what it can't do by itself.",
        customSynopsis = "sluice info [OPTIONS]")
final class InfoCommand extends Action.Calling {
    InfoCommand(Globals globals, Terminal terminal) {
        super(Target.WORKER, globals, terminal);
    }

    @Override
    String failing() {
        return "cannot ask the worker about itself";
    }

    @Override
    void run(Remote worker) {
        Info info = worker.stub(WorkerGrpc::newBlockingStub).getInfo(GetInfoRequest.getDefaultInstance());
        String capabilities = HexFormat.of().toHexDigits(info.getEffectiveCapabilities());
        print(() -> json(info, capabilities), () -> text(info, capabilities));
    }

    private static JsonObject json(Info info, String capabilities) {
        JsonObject json = Json.of(info);
        json.addProperty("effective_capabilities", capabilities); // in the form of /proc/PID/status
        return json;
    }

    private String text(Info info, String capabilities) {
        StringBuilder text = new StringBuilder();
        line(text, "worker", info.getVersion() + ", pid " + info.getPid() + ", uid " + info.getUid());
        line(text, "running for", Units.age(terminal.clock().millis() - info.getStartedMs()));
        line(text, "capabilities", info.getEffectiveCapabilities() == 0 ? "none" : "CapEff " + capabilities);
        line(text, "no_new_privs", info.getNoNewPrivs() ? "set" : "not set");
        line(text, "broker", broker(info));
        line(
                text,
                "frames",
                Integer.toUnsignedString(info.getFrames()) + " of " + info.getFrameSize() + " B ("
                        + Units.bytes(info.getPoolSize()) + "), " + Integer.toUnsignedString(info.getFramesFree())
                        + " free");
        for (DataPathThread thread : info.getThreadsList()) {
            line(
                    text,
                    "thread " + Integer.toUnsignedString(thread.getNumber()),
                    (thread.hasCpu() ? "on CPU " + Integer.toUnsignedString(thread.getCpu()) : "on any CPU") + ", "
                            + Integer.toUnsignedString(thread.getQueues()) + " queues, "
                            + Integer.toUnsignedString(thread.getFramesFree()) + " frames free");
        }
        for (Attempt attempt : info.getAttemptsList()) {
            line(
                    text,
                    "tried itself",
                    attempt.getOperation() + ": "
                            + (attempt.getRefused().isEmpty() ? "ALLOWED" : attempt.getRefused()));
        }
        text.setLength(text.length() - 1);
        return text.toString();
    }

    private static String broker(Info info) {
        if (info.getBroker().isEmpty()) {
            return "none";
        }
        return info.getBroker() + (info.getTenant().isEmpty() ? ", NOT CONNECTED" : ", as tenant " + info.getTenant());
    }

    private static void line(StringBuilder text, String name, String value) {
        text.append(name)
                .append(": ")
                .append(" ".repeat(12 - name.length()))
                .append(value)
                .append('\n');
    }
}
