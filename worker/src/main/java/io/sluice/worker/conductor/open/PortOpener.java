package io.sluice.worker.conductor.open;

import io.sluice.worker.conductor.ConductorException;
import io.sluice.worker.conductor.plan.Granted;
import io.sluice.worker.conductor.plan.MessageTransport;
import io.sluice.worker.conductor.plan.Nsh;
import io.sluice.worker.conductor.plan.PortPlan;
import io.sluice.worker.conductor.plan.StreamTransport;
import io.sluice.worker.conductor.plan.Synthetic;
import io.sluice.worker.conductor.plan.TapTransport;
import io.sluice.worker.conductor.plan.Transport;
import io.sluice.worker.conductor.plan.TunnelTransport;
import io.sluice.worker.engine.DataPath;
import io.sluice.worker.port.Port;
import io.sluice.worker.sys.InheritedFds;

/** Opens ports, each by the opener of its transport's family. */
public final class PortOpener {
    private final Grants grants;
    private final DataPath dataPath;
    private final boolean sealed;
    private final InheritedFds inherited;

    /**
     * @param sealed whether the worker can open sockets and files no more
     * @param inherited what it was started with
     */
    public PortOpener(Grants grants, DataPath dataPath, boolean sealed, InheritedFds inherited) {
        this.inherited = inherited;
        this.grants = grants;
        this.dataPath = dataPath;
        this.sealed = sealed;
    }

    /** Opens {@code plan}; on failure nothing is held. */
    public Port open(PortPlan plan) throws ConductorException {
        Opening opening = new Opening(plan, grants, dataPath, sealed, inherited);
        Transport transport = plan.transport();
        if (transport instanceof Granted granted) {
            return GrantOpener.open(opening, granted);
        } else if (transport instanceof Synthetic synthetic) {
            return SyntheticOpener.open(opening, synthetic);
        } else if (transport instanceof TapTransport tap) {
            return TapOpener.open(opening, tap);
        } else if (transport instanceof TunnelTransport tunnel) {
            return TunnelOpener.open(opening, tunnel);
        } else if (transport instanceof Nsh nsh) {
            return TunnelOpener.open(opening, nsh);
        } else if (transport instanceof MessageTransport message) {
            return MessageOpener.open(opening, message);
        } else {
            return StreamOpener.open(opening, (StreamTransport) transport);
        }
    }
}
