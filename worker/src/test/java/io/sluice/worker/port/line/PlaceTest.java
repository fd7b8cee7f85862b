package io.sluice.worker.port.line;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlaceTest {
    @ParameterizedTest
    @CsvSource({
        "/run/x/peer, /run/x, peer",
        "/peer, /, peer",
        "peer, ., peer",
        "x/peer, x, peer",
        "//x//peer/, //x, peer",
        "../peer, .., peer",
        "./peer, ., peer"
    })
    void aPathIsANameInADirectory(String path, String directory, String name) {
        assertThat(Place.of(path)).isEqualTo(new Place(directory, name));
    }

    @Test
    void aDirectoryIsANameInTheOneAboveUpToTheRootOrTheCurrentOne() {
        Place place = Place.of("/a/b/c");
        assertThat(place.above()).contains(new Place("/a", "b"));
        assertThat(place.above().flatMap(Place::above)).contains(new Place("/", "a"));
        assertThat(Place.of("/a").above()).isEmpty();
        assertThat(Place.of("a/b").above()).contains(new Place(".", "a"));
        assertThat(Place.of("a").above()).isEqualTo(Optional.empty());
    }
}
