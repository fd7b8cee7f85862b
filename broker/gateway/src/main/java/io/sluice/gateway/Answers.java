package io.sluice.gateway;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.function.Function;

/** How every unary call is answered. */
final class Answers {
    /** A call to the broker that makes an answer. */
    interface Source<T> {
        T get() throws IOException;
    }

    private Answers() {}

    /** Answers with what {@code source} gives, or with the status of its failure. */
    static <T> void unary(StreamObserver<T> answer, Source<T> source) {
        unary(answer, source, Statuses::of);
    }

    /** As {@link #unary(StreamObserver, Source)}, where failures have statuses of their own. */
    static <T> void unary(StreamObserver<T> answer, Source<T> source, Function<IOException, Status> statuses) {
        ServerCallStreamObserver<T> call = (ServerCallStreamObserver<T>) answer;
        if (call.isCancelled()) {
            return; // its client gave up while it waited for a thread: what nobody waits for is not done
        }
        T value = null;
        IOException failure = null;
        try {
            value = source.get();
        } catch (IOException e) {
            failure = e;
        }
        if (call.isCancelled()) {
            return; // nobody is there to be answered
        }
        if (failure != null) {
            call.onError(statuses.apply(failure).asRuntimeException());
        } else {
            call.onNext(value);
            call.onCompleted();
        }
    }
}
