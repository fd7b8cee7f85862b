package io.sluice.worker.control;

import io.grpc.stub.StreamObserver;
import io.sluice.worker.conductor.Conductor;
import io.sluice.worker.conductor.SelfPortrait;
import io.sluice.worker.v1.Attempt;
import io.sluice.worker.v1.GetInfoRequest;
import io.sluice.worker.v1.Info;
import io.sluice.worker.v1.WorkerGrpc;

/** Who the worker is. */
final class WorkerService extends WorkerGrpc.WorkerImplBase {
    private final Conductor conductor;
    private final SelfPortrait self;
    private final String version;
    private final long startedMs = System.currentTimeMillis();

    WorkerService(Conductor conductor, SelfPortrait self, String version) {
        this.conductor = conductor;
        this.self = self;
        this.version = version;
    }

    @Override
    public void getInfo(GetInfoRequest request, StreamObserver<Info> observer) {
        Failures.answer(observer, () -> {
            Info.Builder info = Info.newBuilder()
                    .setVersion(version)
                    .setPid((int) ProcessHandle.current().pid())
                    .setUid(self.uid())
                    .setEffectiveCapabilities(self.effectiveCapabilities())
                    .setNoNewPrivs(self.noNewPrivs())
                    .setBroker(conductor.broker().toString())
                    .setTenant(conductor.tenant().orElse(""))
                    .setStartedMs(startedMs);
            self.attempts()
                    .forEach(attempt -> info.addAttempts(Attempt.newBuilder()
                            .setOperation(attempt.operation())
                            .setRefused(attempt.refused())));
            conductor
                    .dataPath()
                    .ifPresent(dataPath -> info.setPoolSize(dataPath.pool().size())
                            .setFrameSize(dataPath.pool().frameSize())
                            .setFrames(dataPath.pool().frames())
                            .setFramesFree(dataPath.call(() -> dataPath.pool().freeFrames())));
            return info.build();
        });
    }
}
