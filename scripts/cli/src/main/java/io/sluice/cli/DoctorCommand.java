package io.sluice.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;

/** {@code sluice doctor}. */
@Command(
        name = "doctor",
        description = {
            "Tells in a line each what this host can and can't do, and what to do about it.",
            "Exits with 1 if a line says FAIL."
        },
        customSynopsis = "sluice doctor [OPTIONS]")
final class DoctorCommand extends Action {
    private static final String DEFAULT_BROKER = "/run/sluice/broker.sock";
    private static final double PATIENCE_S = 3;

    private final Host host;

    DoctorCommand(Globals globals, Terminal terminal) {
        this(globals, terminal, new ThisHost());
    }

    DoctorCommand(Globals globals, Terminal terminal, Host host) {
        super(globals, terminal);
        this.host = host;
    }

    @Override
    public Integer call() {
        List<Finding> findings = new ArrayList<>(new KernelChecks(host).all());
        findings.addAll(new ProcessChecks(host).all());
        findings.add(broker());
        globals.timeout = Math.min(globals.timeout, PATIENCE_S);
        findings.add(answers(Target.GATEWAY, "it runs, but has no connection to the broker", "start `sluice broker`"));
        findings.add(answers(Target.WORKER, "it runs, but does not serve", "look at its log"));
        boolean failed = findings.stream().anyMatch(finding -> finding.verdict() == Finding.Verdict.FAIL);
        print(
                () -> json(findings, failed),
                () -> findings.stream().map(Finding::line).collect(Collectors.joining("\n")));
        return failed ? ExitCode.FAILED.number() : ExitCode.OK.number();
    }

    private Finding broker() {
        Path socket = Path.of(terminal.environment().getOrDefault("SLUICE_BROKER", DEFAULT_BROKER));
        String reason = host.connect(socket);
        return reason.isEmpty()
                ? Finding.ok("broker", "answers at " + socket)
                : Finding.warn("broker", reason, "start it as root with `sluice broker`");
    }

    private Finding answers(Target target, String notServing, String advice) {
        String name = target.noun();
        try (Remote remote = Remote.open(target, globals, terminal, name)) {
            try {
                ServingStatus status = remote.stub(HealthGrpc::newBlockingStub)
                        .check(HealthCheckRequest.getDefaultInstance())
                        .getStatus();
                return status == ServingStatus.SERVING
                        ? Finding.ok(name, "answers")
                        : Finding.warn(name, notServing, advice);
            } catch (StatusRuntimeException e) {
                throw remote.failure(e, name);
            }
        } catch (Failure e) {
            String[] parts = e.getMessage().substring(name.length() + 2).split("; ", 2);
            return Finding.warn(name, parts[0], parts.length > 1 ? parts[1] : "");
        } catch (IOException e) {
            return Finding.warn(name, e.getMessage(), "");
        }
    }

    private static JsonObject json(List<Finding> findings, boolean failed) {
        JsonArray checks = new JsonArray();
        findings.forEach(finding -> checks.add(finding.json()));
        JsonObject json = new JsonObject();
        json.addProperty("ok", !failed);
        json.add("checks", checks);
        return json;
    }
}
