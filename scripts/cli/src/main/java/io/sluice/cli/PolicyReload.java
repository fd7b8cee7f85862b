package io.sluice.cli;

import io.sluice.broker.v1.PolicyGrpc;
import io.sluice.broker.v1.ReloadPolicyRequest;
import io.sluice.broker.v1.ReloadPolicyResponse;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;

/** {@code sluice policy reload}. */
@Command(
        name = "reload",
        description = {
            "Lets the broker read its policy file again and end the leases that it no longer",
            "allows. A file with errors changes nothing."
        },
        customSynopsis = "sluice policy reload [OPTIONS]")
final class PolicyReload extends Action.Calling {
    PolicyReload(Globals globals, Terminal terminal) {
        super(Target.GATEWAY, globals, terminal);
    }

    @Override
    String failing() {
        return "cannot reload the policy";
    }

    @Override
    void run(Remote gateway) {
        ReloadPolicyResponse reloaded =
                gateway.stub(PolicyGrpc::newBlockingStub).reloadPolicy(ReloadPolicyRequest.getDefaultInstance());
        String ended =
                reloaded.getEndedList().stream().map(Long::toUnsignedString).collect(Collectors.joining(", "));
        String text = "policy is reloaded; " + (ended.isEmpty() ? "every lease goes on" : "leases ended: " + ended);
        print(() -> Json.of(reloaded), () -> text);
    }
}
