package io.sluice.grant.sys;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CloserTest {
    private final List<String> closed = new ArrayList<>();

    @Test
    void closesInReverseOrderAndOnce() {
        Closer closer = new Closer();
        closer.add(() -> closed.add("first"));
        closer.add(() -> closed.add("second"));
        closer.close();
        closer.close();
        assertThat(closed).containsExactly("second", "first");
    }

    @Test
    void whatIsReleasedIsTheNewOwnersAndKeepsItsOrder() {
        Closer mine;
        try (Closer closer = new Closer()) {
            closer.add(() -> closed.add("first"));
            closer.add(() -> closed.add("second"));
            mine = closer.release();
            closer.add(() -> closed.add("after"));
        }
        assertThat(closed).containsExactly("after");
        mine.add(() -> closed.add("third"));
        mine.close();
        assertThat(closed).containsExactly("after", "third", "second", "first");
    }

    @Test
    void closesDescriptors() throws IOException {
        List<String> before = Descriptors.open();
        List<Fd> pipe = Descriptors.pipe();
        try (Closer closer = new Closer()) {
            closer.add(
                    () -> assertThat(pipe.get(0).isClosed()).as("added before").isTrue());
            assertThat(closer.add(pipe.get(0))).isSameAs(pipe.get(0));
            closer.add(() -> assertThat(pipe.get(0).isClosed()).isFalse());
            closer.add(pipe.get(1));
            closer.add(() -> assertThat(pipe.get(1).isClosed()).isFalse());
        }
        assertThat(Descriptors.open()).isEqualTo(before);
    }
}
