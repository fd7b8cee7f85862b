package io.sluice.grant;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import io.sluice.grant.channel.FrameChannel;
import io.sluice.grant.v1.EndReason;
import io.sluice.grant.v1.Error;
import io.sluice.grant.v1.Reply;
import io.sluice.grant.v1.Request;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** docs/protocol.md lists what the proto has. */
class ProtocolDocumentTest {
    private static final Path DOCUMENT = Path.of("../../docs/protocol.md");
    private static final Pattern OPERATION =
            Pattern.compile("(?m)^\\| `(\\w+)` \\| (\\d+) \\| \\w+ \\| [A-Z]+ \\| `(\\w+)`[^|]* \\| ([^|]+) \\|$");

    @Test
    void theOperationsAreThoseOfTheProto() throws IOException {
        List<String> proto = Request.getDescriptor().getOneofs().get(0).getFields().stream()
                .map(field -> field.getMessageType().getName() + " " + field.getNumber())
                .toList();
        assertThat(operations().map(row -> row.group(1) + " " + row.group(2))).isEqualTo(proto);
    }

    @Test
    void everyResultIsTheReplyToSomething() throws IOException {
        List<String> others = List.of("Error", "LeaseEnded");
        Stream<String> proto = Reply.getDescriptor().getOneofs().get(0).getFields().stream()
                .map(FieldDescriptor::getMessageType)
                .map(com.google.protobuf.Descriptors.Descriptor::getName)
                .filter(Predicate.not(others::contains));
        assertThat(operations().map(row -> row.group(3)).distinct())
                .containsExactlyInAnyOrderElementsOf(proto.toList());
    }

    @Test
    void theErrorsOfTheOperationsExist() throws IOException {
        List<String> codes = names(Error.Code.getDescriptor().getValues());
        assertThat(operations().flatMap(row -> Stream.of(row.group(4).split(", "))))
                .filteredOn(code -> !code.equals("-"))
                .isSubsetOf(codes);
    }

    @Test
    void everyCodeAndEveryReasonHasARow() throws IOException {
        String text = text();
        for (String name : names(Error.Code.getDescriptor().getValues())) {
            assertThat(text).contains("\n| `" + name + "` |");
        }
        for (String name : names(EndReason.getDescriptor().getValues())) {
            assertThat(text).contains("\n| `" + name + "` |");
        }
    }

    @Test
    void theLimitsAreThoseOfTheChannel() throws IOException {
        assertThat(text())
                .contains(String.format(Locale.ROOT, "| 1 | %,d bytes |", FrameChannel.MAX_REQUEST))
                .contains(String.format(Locale.ROOT, "| 1 | %,d bytes |", FrameChannel.MAX_REPLY))
                .contains("at most " + FrameChannel.MAX_FDS);
    }

    private static Stream<MatchResult> operations() throws IOException {
        return OPERATION.matcher(text()).results();
    }

    private static List<String> names(List<EnumValueDescriptor> values) {
        return values.stream()
                .filter(value -> value.getNumber() != 0)
                .map(EnumValueDescriptor::getName)
                .toList();
    }

    private static String text() throws IOException {
        return Files.readString(DOCUMENT);
    }
}
