package io.sluice.worker.port.vde;

import io.sluice.grant.sys.Native;
import io.sluice.worker.port.line.UnixPath;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What is said on the control stream, version 3 of the protocol, in host byte order.
 *
 * <pre>
 *  to the switch:  magic u32  version u32  type u32 (0 | port &lt;&lt; 8)  sockaddr_un 110 (our socket)  description
 *  from it:        sockaddr_un 110 (the socket to connect ours to)
 * </pre>
 */
final class Handshake {
    /** Bytes of the answer. */
    static final int ANSWER = 110;

    private static final int MAGIC = 0xfeedface;
    private static final int VERSION = 3;
    private static final int ADDRESS = 12;
    private static final short AF_UNIX = 1;

    private Handshake() {}

    /** The request, as long as the buffer's capacity. */
    static ByteBuffer request(VdePlug plug, UnixPath local) {
        byte[] description = plug.description().getBytes(StandardCharsets.UTF_8);
        ByteBuffer request = Native.allocate(ADDRESS + ANSWER + description.length);
        request.putInt(0, MAGIC).putInt(4, VERSION).putInt(8, plug.port() << 8);
        ByteBuffer address = local.encode();
        request.put(ADDRESS, address, 0, address.capacity());
        return request.put(ADDRESS + ANSWER, description);
    }

    /** The path in an answer of {@link #ANSWER} bytes; empty if there is none. */
    static Optional<UnixPath> answer(ByteBuffer answer) {
        int end = 2;
        while (end < ANSWER && answer.get(end) != 0) {
            end++;
        }
        if (answer.getShort(0) != AF_UNIX || end == 2 || end == ANSWER) {
            return Optional.empty();
        }
        byte[] path = new byte[end - 2];
        answer.get(2, path);
        String text = new String(path, StandardCharsets.UTF_8);
        // Bytes that are no UTF-8 become longer, maybe too long.
        return text.getBytes(StandardCharsets.UTF_8).length == path.length
                ? Optional.of(new UnixPath(text))
                : Optional.empty();
    }
}
