package io.sluice.grant.client;

import io.sluice.grant.sys.Fd;
import java.util.List;

/**
 * One received frame. Whoever holds it owns its descriptors.
 *
 * @param body the protobuf message, without the length
 * @param fds the descriptors that came with it, close-on-exec
 */
@SuppressWarnings("ArrayRecordComponent") // a frame is never compared; its body goes straight to the parser
public record Frame(byte[] body, List<Fd> fds) implements AutoCloseable {
    @Override
    public void close() {
        fds.forEach(Fd::close);
    }
}
