package io.sluice.cli;

import io.sluice.broker.v1.PolicyDocument;
import io.sluice.broker.v1.PolicyGrpc;
import io.sluice.broker.v1.ShowPolicyRequest;
import picocli.CommandLine.Command;

/** {@code sluice policy show}. */
@Command(
        name = "show",
        description = "Prints the policy in force, as it was read; the file may have changed since.",
        customSynopsis = "sluice policy show [OPTIONS]")
final class PolicyShow extends Action.Calling {
    PolicyShow(Globals globals, Terminal terminal) {
        super(Target.GATEWAY, globals, terminal);
    }

    @Override
    String failing() {
        return "cannot show the policy";
    }

    @Override
    void run(Remote gateway) {
        PolicyDocument policy =
                gateway.stub(PolicyGrpc::newBlockingStub).showPolicy(ShowPolicyRequest.getDefaultInstance());
        print(() -> Json.of(policy), () -> policy.getText().stripTrailing());
    }
}
