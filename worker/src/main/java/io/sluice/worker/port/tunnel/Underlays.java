package io.sluice.worker.port.tunnel;

import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.codec.Protocol;
import io.sluice.worker.memory.FramePool;
import java.util.HashMap;
import java.util.Map;

/**
 * The sockets that the tunnels of one data-path thread share: one for each protocol and local address. Each closes itself
 * with its last tunnel. Data-path thread only.
 */
public final class Underlays {
    private final FramePool pool;
    private final Map<Key, Underlay> opened = new HashMap<>();

    private record Key(Protocol protocol, Endpoint local) {}

    /** @param pool borrowed */
    public Underlays(FramePool pool) {
        this.pool = pool;
    }

    /** The socket for {@code protocol} bound to {@code local}, opened if there is none. */
    public Underlay at(Protocol protocol, Endpoint local) throws SyscallException {
        opened.values().removeIf(underlay -> underlay.fd().isClosed());
        Key key = new Key(protocol, local);
        Underlay underlay = opened.get(key);
        if (underlay == null) {
            underlay = Underlay.open(protocol, local, Underlay.Settings.DEFAULT, pool);
            opened.put(key, underlay);
        }
        return underlay;
    }
}
