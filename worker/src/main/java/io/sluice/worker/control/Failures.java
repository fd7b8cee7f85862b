package io.sluice.worker.control;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import io.sluice.worker.conductor.ConductorException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the body of a unary call and turns its failures into a status. */
final class Failures {
    private static final Logger LOG = LoggerFactory.getLogger(Failures.class);

    /** What answers a call. */
    interface Body<R> {
        R run() throws ConductorException;
    }

    private Failures() {}

    static <R> void answer(StreamObserver<R> observer, Body<R> body) {
        R answer;
        try {
            answer = body.run();
        } catch (ConductorException e) {
            observer.onError(status(e));
            return;
        } catch (IllegalArgumentException e) {
            observer.onError(
                    Status.INVALID_ARGUMENT.withDescription(e.getMessage()).asRuntimeException());
            return;
        } catch (RuntimeException e) {
            observer.onError(defect(e));
            return;
        }
        observer.onNext(answer);
        observer.onCompleted();
    }

    /** What must not happen; said to the caller, and in full to the log. */
    static StatusRuntimeException defect(RuntimeException e) {
        LOG.error("in a call", e);
        return Status.INTERNAL.withDescription(e.getMessage()).withCause(e).asRuntimeException();
    }

    static StatusRuntimeException status(ConductorException e) {
        Status status = switch (e.kind()) {
            case INVALID -> Status.INVALID_ARGUMENT;
            case NOT_FOUND -> Status.NOT_FOUND;
            case EXISTS -> Status.ALREADY_EXISTS;
            case REFUSED -> Status.FAILED_PRECONDITION;
            case DENIED -> Status.PERMISSION_DENIED;
            case EXHAUSTED -> Status.RESOURCE_EXHAUSTED;
            case UNAVAILABLE -> Status.UNAVAILABLE;
        };
        return status.withDescription(e.getMessage()).asRuntimeException();
    }
}
