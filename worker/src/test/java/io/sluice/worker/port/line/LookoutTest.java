package io.sluice.worker.port.line;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.grant.sys.Fd;
import io.sluice.worker.sys.Epoll;
import io.sluice.worker.sys.WorkerCalls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Times are so late here that it is only what happens at a path that can make a post due. */
@Timeout(30)
class LookoutTest {
    private static final int PATIENCE_S = 10;
    private static final int HOUR_MS = 3_600_000;

    @TempDir
    Path directory;

    private Epoll epoll;
    private Lookout lookout;

    @BeforeEach
    void open() throws IOException {
        epoll = new Epoll();
        lookout = new Lookout(epoll);
    }

    @AfterEach
    void close() {
        lookout.close();
        epoll.close();
    }

    private Post post(String path) throws IOException {
        Post post = lookout.post(new UnixPath(directory.resolve(path).toString()));
        look(post);
        return post;
    }

    /** A look that finds nobody. */
    private static void look(Post post) {
        post.watch();
        post.in(HOUR_MS);
    }

    /** Sleeps as a data-path thread does, until {@code post} is due; then looks again. */
    private void awaitLook(Post post) {
        for (int i = 0; i < PATIENCE_S && !post.isDue(); i++) {
            epoll.await(1_000);
        }
        assertThat(post.isDue()).isTrue();
        look(post);
    }

    /** Whether nothing has been told; what happened before has been by now. */
    private boolean isQuiet(Post post) {
        epoll.await(0);
        return !post.isDue();
    }

    private void touch(String path) throws IOException {
        Files.createFile(directory.resolve(path));
    }

    private void delete(String path) throws IOException {
        Files.delete(directory.resolve(path));
    }

    @Test
    void aNameIsToldOfWhenItComesGoesOrIsReplaced() throws Exception {
        Post post = post("peer");
        touch("other");
        assertThat(isQuiet(post)).isTrue();
        touch("peer");
        awaitLook(post);
        assertThat(isQuiet(post)).isTrue();
        delete("peer");
        awaitLook(post);
        Files.move(directory.resolve("other"), directory.resolve("peer"));
        awaitLook(post);
        Files.setLastModifiedTime(directory.resolve("peer"), java.nio.file.attribute.FileTime.fromMillis(0));
        awaitLook(post); // as a change of who may use it
        Files.move(directory.resolve("peer"), directory.resolve("other"));
        awaitLook(post);
    }

    @Test
    void directoriesThatDoNotExistYetAreWaitedForOneAfterTheOther() throws Exception {
        Post post = post("a/b/c/peer");
        for (String next : List.of("a", "a/b", "a/b/c")) {
            Files.createDirectory(directory.resolve(next));
            awaitLook(post);
        }
        touch("a/b/peer");
        assertThat(isQuiet(post)).isTrue();
        touch("a/b/c/peer");
        awaitLook(post);
    }

    @Test
    void aDirectoryThatIsRemovedAndMadeAnewIsFoundAgain() throws Exception {
        Files.createDirectory(directory.resolve("a"));
        Post post = post("a/peer");
        delete("a");
        awaitLook(post);
        Files.createDirectory(directory.resolve("a"));
        awaitLook(post);
        touch("a/peer");
        awaitLook(post);
    }

    @Test
    void aDirectoryThatIsMovedAwayIsFollowedNoLonger() throws Exception {
        Files.createDirectory(directory.resolve("a"));
        Post post = post("a/peer");
        Files.move(directory.resolve("a"), directory.resolve("b"));
        awaitLook(post);
        touch("b/peer");
        assertThat(isQuiet(post)).isTrue();
        Files.createDirectory(directory.resolve("a"));
        awaitLook(post);
        touch("a/peer");
        awaitLook(post);
    }

    @Test
    void aDirectoryNeedsOneWatchForAnyNumberOfPosts() throws Exception {
        List<Post> posts = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            posts.add(post("peer" + i % 10));
        }
        assertThat(watches()).isOne();
        touch("peer3");
        epoll.await(10_000);
        assertThat(posts).filteredOn(Post::isDue).hasSize(10);
        posts.forEach(Post::close);
        assertThat(watches()).isZero();
        touch("peer4");
        epoll.await(0);
        assertThat(posts).filteredOn(Post::isDue).hasSize(10); // closed ones are told nothing
    }

    /** How many watches the process's inotify descriptors have. */
    private static long watches() throws IOException {
        long count = 0;
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fdinfo"))) {
            for (Path info : descriptors.toList()) {
                if (Files.exists(info)) {
                    count += Files.readAllLines(info).stream()
                            .filter(line -> line.startsWith("inotify wd:"))
                            .count();
                }
            }
        }
        return count;
    }

    @Test
    void postsAreDueInTheOrderOfTheirTimesAndNotBefore() throws Exception {
        List<Integer> order = new ArrayList<>();
        List<Post> posts = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            int number = i;
            Post post = lookout.post();
            assertThat(post.isDue()).isTrue(); // from the beginning
            post.waiter(() -> order.add(number));
            posts.add(post);
        }
        long begin = System.nanoTime();
        int[] after = {60, 20, 40, HOUR_MS, 20};
        for (int i = 0; i < after.length; i++) {
            posts.get(i).in(after[i]);
        }
        posts.get(2).never();
        while (order.size() < 3) {
            epoll.await(10_000);
        }
        assertThat(order).containsExactly(1, 4, 0);
        assertThat(System.nanoTime() - begin).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(60));
        assertThat(posts).filteredOn(Post::isDue).hasSize(3);
    }

    @Test
    void aDescriptorThatBecomesReadableMakesAPostDueUntilItIsDeaf() throws Exception {
        Post post = lookout.post();
        post.never();
        try (Fd event = Fd.owned(WorkerCalls.LIBC.eventfd(0, 0x80800), "eventfd")) {
            post.listen(event);
            epoll.await(0);
            assertThat(post.isDue()).isFalse();
            add(event);
            epoll.await(10_000);
            assertThat(post.isDue()).isTrue();
            post.never();
            post.deafen();
            add(event);
            epoll.await(0);
            assertThat(post.isDue()).isFalse();
        }
    }

    private static void add(Fd event) {
        var one = io.sluice.grant.sys.Native.allocate(8).putLong(0, 1);
        assertThat(WorkerCalls.LIBC.write(event.number(), io.sluice.grant.sys.Native.address(one), 8))
                .isEqualTo(8);
    }

    @Test
    void aLookoutThatNobodyUsesHasNoDescriptors() throws Exception {
        try (Lookout unused = new Lookout(epoll)) {
            assertThat(epoll.isEmpty()).isTrue();
            unused.post();
            assertThat(epoll.isEmpty()).isFalse();
        }
        assertThat(epoll.isEmpty()).isTrue();
    }
}
