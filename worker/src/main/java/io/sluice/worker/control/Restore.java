package io.sluice.worker.control;

import io.sluice.worker.conductor.Conductor;
import io.sluice.worker.conductor.ConductorException;
import io.sluice.worker.conductor.Journal;
import io.sluice.worker.conductor.Remembered;
import io.sluice.worker.conductor.plan.PortPlan;
import io.sluice.worker.v1.AddLinkRequest;
import io.sluice.worker.v1.SavedPort;
import io.sluice.worker.v1.WorkerState;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Has a worker go on with the ports and links of its predecessor. */
public final class Restore {
    private static final Logger LOG = LoggerFactory.getLogger(Restore.class);

    private Restore() {}

    /**
     * Does so, as far as it is possible, before anybody can ask for anything else; what is not possible is logged.
     *
     * @param conductor new, with the journal to go by
     * @throws IOException the journal has what no worker of this version writes
     */
    public static void into(Conductor conductor, int frameSize) throws IOException {
        try {
            conductor
                    .executor()
                    .submit(() -> {
                        restore(conductor, frameSize);
                        return null;
                    })
                    .get();
        } catch (ExecutionException e) {
            throw new IOException(
                    "the state can't be restored: " + e.getCause().getMessage()
                            + "; remove its files to start without ports and links",
                    e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while restoring ports and links");
        }
    }

    private static void restore(Conductor conductor, int frameSize) {
        WorkerState found = conductor.journal().found();
        List<Remembered> ports = new ArrayList<>();
        for (SavedPort saved : found.getPortsList()) {
            PortPlan plan = PortPlans.of(saved.getRequest(), frameSize);
            conductor.journal().asked(plan.name(), saved.getRequest());
            ports.add(new Remembered(
                    plan,
                    Journal.tuning(saved.getTuning()),
                    saved.getLease(),
                    saved.getHoldersList(),
                    saved.getDown()));
        }
        conductor.restore(ports);
        for (AddLinkRequest link : found.getLinksList()) {
            try {
                LinksService.add(conductor, link.toBuilder().clearOffload().build());
                conductor.journal().asked(link.getName(), link);
                conductor.setOffload(link.getName(), link.getOffload());
            } catch (ConductorException e) {
                LOG.warn("link {} is not restored as it was: {}", link.getName(), e.getMessage());
            }
        }
        conductor.journal().begin();
        conductor.changed();
    }
}
