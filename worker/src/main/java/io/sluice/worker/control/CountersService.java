package io.sluice.worker.control;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.sluice.worker.conductor.Conductor;
import io.sluice.worker.conductor.ConductorException;
import io.sluice.worker.conductor.OffloadCounter;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.v1.Balance;
import io.sluice.worker.v1.Counter;
import io.sluice.worker.v1.CounterDescription;
import io.sluice.worker.v1.CountersGrpc;
import io.sluice.worker.v1.DescribeCountersRequest;
import io.sluice.worker.v1.DescribeCountersResponse;
import io.sluice.worker.v1.GetCountersRequest;
import io.sluice.worker.v1.PortCounters;
import io.sluice.worker.v1.Snapshot;
import io.sluice.worker.v1.WatchCountersRequest;
import java.util.List;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** Counters: once, and as a stream. */
final class CountersService extends CountersGrpc.CountersImplBase {
    private static final int DEFAULT_INTERVAL_MS = 1_000;
    private static final int MIN_INTERVAL_MS = 10;
    private static final int MAX_INTERVAL_MS = 3_600_000;

    private final Conductor conductor;

    CountersService(Conductor conductor) {
        this.conductor = conductor;
    }

    @Override
    public void getCounters(GetCountersRequest request, StreamObserver<Snapshot> observer) {
        Failures.answer(observer, () -> take(request.getPortsList()));
    }

    @Override
    public void watchCounters(WatchCountersRequest request, StreamObserver<Snapshot> observer) {
        int interval = request.getIntervalMs() == 0 ? DEFAULT_INTERVAL_MS : request.getIntervalMs();
        if (interval < MIN_INTERVAL_MS || interval > MAX_INTERVAL_MS) {
            observer.onError(Status.INVALID_ARGUMENT
                    .withDescription("interval " + interval + " ms: " + MIN_INTERVAL_MS + " to " + MAX_INTERVAL_MS
                            + " are expected")
                    .asRuntimeException());
            return;
        }
        ServerCallStreamObserver<Snapshot> stream = (ServerCallStreamObserver<Snapshot>) observer;
        ScheduledFuture<?> ticks = conductor
                .executor()
                .scheduleAtFixedRate(() -> tick(request.getPortsList(), stream), 0, interval, TimeUnit.MILLISECONDS);
        stream.setOnCancelHandler(() -> ticks.cancel(false));
    }

    private void tick(List<String> ports, ServerCallStreamObserver<Snapshot> stream) {
        // A client that does not keep up misses snapshots; they never pile up here.
        if (stream.isReady() && !stream.isCancelled()) {
            try {
                stream.onNext(take(ports));
            } catch (ConductorException e) {
                stream.onError(Failures.status(e));
                throw new IllegalStateException("a watched port is gone", e); // ends the schedule
            } catch (RuntimeException e) {
                stream.onError(Failures.defect(e));
                throw e;
            }
        }
    }

    private Snapshot take(List<String> names) throws ConductorException {
        var taken = conductor.snapshot(names);
        Snapshot.Builder snapshot = Snapshot.newBuilder()
                .setTimeNs(taken.timeNs())
                .setBalance(Balance.newBuilder()
                        .setReceived(taken.received())
                        .setCreated(taken.created())
                        .setMerged(taken.merged())
                        .setSent(taken.sent())
                        .setDropped(taken.dropped())
                        .setInFlight(taken.inFlight()));
        taken.ports().forEach(port -> {
            PortCounters.Builder counters = PortCounters.newBuilder().setPort(port.port());
            port.values()
                    .forEach((name, value) -> counters.addCounters(
                            Counter.newBuilder().setName(name).setValue(value)));
            snapshot.addPorts(counters);
        });
        return snapshot.build();
    }

    @Override
    public void describeCounters(DescribeCountersRequest request, StreamObserver<DescribeCountersResponse> observer) {
        Failures.answer(observer, () -> {
            DescribeCountersResponse.Builder list = DescribeCountersResponse.newBuilder();
            for (PortCounter counter : PortCounter.values()) {
                list.addCounters(CounterDescription.newBuilder()
                        .setName(counter.label())
                        .setUnit(counter.unit())
                        .setMeaning(counter.meaning())
                        .setDrop(counter.isDrop()));
            }
            for (OffloadCounter counter : OffloadCounter.values()) {
                list.addCounters(CounterDescription.newBuilder()
                        .setName(counter.label())
                        .setUnit(counter.unit())
                        .setMeaning(counter.meaning()));
            }
            return list.build();
        });
    }
}
