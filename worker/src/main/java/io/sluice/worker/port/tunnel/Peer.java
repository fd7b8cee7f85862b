package io.sluice.worker.port.tunnel;

import io.sluice.grant.sys.Native;
import java.nio.ByteBuffer;

/** Where packets go: one object for all tunnels of an underlay to the same address and port. */
final class Peer {
    private final ByteBuffer sockaddr;
    private final long address;
    private final int length;
    private int users;

    Peer(Endpoint endpoint) {
        sockaddr = endpoint.sockaddr();
        address = Native.address(sockaddr);
        length = endpoint.sockaddrLength();
    }

    /** Address of its sockaddr. */
    long sockaddr() {
        return address;
    }

    int sockaddrLength() {
        return length;
    }

    void addUser() {
        users++;
    }

    /** Returns whether there are others. */
    boolean removeUser() {
        return --users > 0;
    }
}
