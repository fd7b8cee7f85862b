package io.sluice.broker.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.broker.testbed.Caller;
import io.sluice.broker.testbed.RunningBroker;
import io.sluice.grant.client.Frame;
import io.sluice.grant.v1.Acquired;
import io.sluice.grant.v1.Reply;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The exchange of docs/protocol.md with the broker: the client's frames are sent as they stand there, and the broker's are
 * compared with what stands there. Only the nonce is another, wherever it stands.
 */
@Tag("kernel")
class DocumentedExchangeTest {
    private static final Path DOCUMENT = Path.of("../../docs/protocol.md");
    private static final int BLUE = 1001;
    private static final long NONCE = 0x1122334455667788L;
    private static final int LENGTH = 4;
    private static final String POLICY = """
            version: 1
            tenants:
              blue:
                identity: { uid: 1001 }
                grants:
                  lan: { kind: packet, interface: eth1, unconfined: true, ring-frames: 0 }
            """;

    /** A frame of the document, its length included. */
    private record Documented(boolean ofTheClient, String bytes) {}

    @TempDir
    Path directory;

    private RunningBroker broker;

    @BeforeEach
    void start() throws Exception {
        broker = new RunningBroker(directory, POLICY);
        String mac = "02:00:00:00:01:10";
        broker.netns().ip("link", "add", "eth1", "index", "77", "address", mac, "type", "veth", "peer", "name", "end1");
        broker.netns().ip("link", "set", "eth1", "up");
    }

    @AfterEach
    void stop() throws Exception {
        if (broker != null) {
            broker.close();
        }
    }

    @Test
    void theDocumentSaysWhatIsSent() throws Exception {
        String nonce = hex(NONCE);
        int descriptors = 0;
        try (Caller caller = Caller.connect(broker.socket(), BLUE)) {
            for (Documented frame : frames()) {
                String expected = frame.bytes().replace(hex(NONCE), nonce);
                if (frame.ofTheClient()) {
                    caller.raw(HexFormat.of().parseHex(expected));
                    continue;
                }
                Frame received = caller.frame();
                descriptors += received.fds().size();
                Acquired acquired = Reply.parseFrom(received.body()).getAcquired();
                if (acquired.getNonce() != 0) {
                    nonce = hex(acquired.getNonce());
                    expected = frame.bytes().replace(hex(NONCE), nonce);
                }
                byte[] length = ByteBuffer.allocate(LENGTH)
                        .putInt(received.body().length)
                        .array();
                assertThat(HexFormat.of().formatHex(length) + HexFormat.of().formatHex(received.body()))
                        .isEqualTo(expected);
            }
        }
        assertThat(nonce).as("the document has an Acquired").isNotEqualTo(hex(NONCE));
        assertThat(descriptors).isEqualTo(1);
    }

    @Test
    void theExchangeIsComplete() throws Exception {
        assertThat(frames())
                .extracting(Documented::ofTheClient)
                .containsExactly(true, false, true, false, true, false, true, false);
    }

    private static List<Documented> frames() throws Exception {
        String text = Files.readString(DOCUMENT);
        int start = text.indexOf("```hex\n");
        List<Documented> frames = new ArrayList<>();
        for (String line : text.substring(start + 7, text.indexOf("```", start + 7))
                .lines()
                .toList()) {
            String digits = line.replaceAll("#.*", "").replaceAll("[^0-9a-f]", "");
            if (line.startsWith(">") || line.startsWith("<")) {
                frames.add(new Documented(line.startsWith(">"), digits));
            } else if (!digits.isEmpty()) {
                Documented last = frames.remove(frames.size() - 1);
                frames.add(new Documented(last.ofTheClient(), last.bytes() + digits));
            }
        }
        return frames;
    }

    /** As it is on the wire: fixed64 is little-endian. */
    private static String hex(long nonce) {
        ByteBuffer bytes =
                ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(nonce);
        return HexFormat.of().formatHex(bytes.array());
    }
}
