package io.sluice.worker.conductor;

import com.google.protobuf.InvalidProtocolBufferException;
import io.sluice.worker.port.Offload;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.port.Tuning;
import io.sluice.worker.v1.AddLinkRequest;
import io.sluice.worker.v1.AddPortRequest;
import io.sluice.worker.v1.SavedPort;
import io.sluice.worker.v1.SavedTuning;
import io.sluice.worker.v1.WorkerState;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a worker writes down, after each change, so that its successor goes on with it: ports and links as they were
 * asked for, and which leases the ports have. Conductor's thread, once it is open.
 */
public final class Journal implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Journal.class);

    /** Null: nothing is written down. */
    private final StateFile file;

    private final WorkerState found;
    private final Map<String, AddPortRequest> ports = new HashMap<>();
    private final Map<String, AddLinkRequest> links = new HashMap<>();
    private WorkerState written;

    /** Whether what was found has been gone on with; until then it must not be written over. */
    private boolean begun;

    private Journal(StateFile file, WorkerState found) {
        this.file = file;
        this.found = found;
        this.written = found;
    }

    /** One that remembers nothing. */
    public static Journal none() {
        return new Journal(null, WorkerState.getDefaultInstance());
    }

    /**
     * The one in {@code directory}, which is created if it is not there.
     *
     * @throws IOException another worker has it, or it is none; the message says what to do
     */
    public static Journal open(Path directory) throws IOException {
        StateFile file = new StateFile(directory);
        try {
            WorkerState found = WorkerState.parseFrom(file.found());
            if (found.getResume().isEmpty()) {
                // Nobody else may say the same by accident; it is no secret.
                String resume = new BigInteger(128, new SecureRandom()).toString(16);
                found = found.toBuilder().setResume(resume).build();
                file.write(found.toByteArray());
            }
            return new Journal(file, found);
        } catch (InvalidProtocolBufferException e) {
            file.close();
            throw new IOException(
                    "the state in " + directory + " can't be read: " + e.getMessage()
                            + "; remove it to start without ports and links",
                    e);
        } catch (IOException e) {
            file.close();
            throw e;
        }
    }

    /**
     * What to say to the broker, so that it keeps what we have, and gives us what our predecessor had; may be empty.
     */
    String resume() {
        return found.getResume();
    }

    /** As the predecessor left it. */
    public WorkerState found() {
        return found;
    }

    /** As what a port was asked for. To be {@link Conductor#changed written} afterwards. */
    public void asked(String port, AddPortRequest request) {
        ports.put(port, request);
    }

    /** As what a link was asked for. To be {@link Conductor#changed written} afterwards. */
    public void asked(String link, AddLinkRequest request) {
        links.put(link, request.toBuilder().setName(link).build());
    }

    /** What was found is gone on with: from now on, what there is is written down. */
    public void begin() {
        begun = true;
    }

    /** Writes down what there is now, unless that is written already. */
    void write(Iterable<PortState> portStates, Iterable<LinkState> linkStates) {
        if (file == null || !begun) {
            return;
        }
        WorkerState.Builder state = WorkerState.newBuilder().setResume(found.getResume());
        for (PortState port : portStates) {
            if (port.ofLink.isEmpty() && ports.containsKey(port.name())) {
                state.addPorts(saved(port));
            }
        }
        for (LinkState link : linkStates) {
            if (links.containsKey(link.name())) {
                state.addLinks(links.get(link.name()).toBuilder()
                        .setOffload(link.offload().isWanted()));
            }
        }
        WorkerState now = state.build();
        if (now.equals(written)) {
            return;
        }
        try {
            file.write(now.toByteArray());
            written = now;
        } catch (IOException e) {
            LOG.error("the state is not written, so a restart would not find this change: {}", e.getMessage());
        }
    }

    private SavedPort saved(PortState state) {
        SavedPort.Builder port = SavedPort.newBuilder()
                .setRequest(ports.get(state.name()))
                .setTuning(saved(state.tuning))
                .setDown(state.wanted ? "" : state.reason);
        if (state.isUp()) {
            port.setLease(state.port.info().lease())
                    .addAllHolders(state.port.queues().stream()
                            .map(PortQueue::holder)
                            .filter(holder -> holder != 0)
                            .toList());
        }
        return port.build();
    }

    private static SavedTuning saved(Tuning tuning) {
        return SavedTuning.newBuilder()
                .setDepth(tuning.depth())
                .setTxUsecs(tuning.txUsecs())
                .setTxFrames(tuning.txFrames())
                .addAllOff(Stream.of(Offload.values())
                        .filter(offload -> (tuning.off() & offload.bit()) != 0)
                        .map(Offload::label)
                        .toList())
                .build();
    }

    /**
     * The opposite of what was {@link #write written} about a port's dials.
     *
     * @throws IllegalArgumentException it is out of range
     */
    public static Tuning tuning(SavedTuning saved) {
        int off = 0;
        for (String name : saved.getOffList()) {
            List<Offload> offloads = Offload.named(name);
            for (Offload offload : offloads) {
                off |= offload.bit();
            }
        }
        return new Tuning(saved.getDepth(), saved.getTxUsecs(), saved.getTxFrames(), off);
    }

    @Override
    public void close() {
        if (file != null) {
            file.close();
        }
    }
}
