package io.sluice.worker.control;

import io.grpc.stub.StreamObserver;
import io.sluice.worker.conductor.Conductor;
import io.sluice.worker.conductor.SelfPortrait;
import io.sluice.worker.engine.DataPath;
import io.sluice.worker.engine.DataPaths;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.v1.Attempt;
import io.sluice.worker.v1.DataPathThread;
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
            conductor.dataPaths().ifPresent(dataPaths -> describe(dataPaths, info));
            return info.build();
        });
    }

    private static void describe(DataPaths dataPaths, Info.Builder info) {
        FramePool pool = dataPaths.first().pool();
        int free = 0;
        for (DataPath thread : dataPaths.threads()) {
            int number = info.getThreadsCount();
            int here = thread.call(() -> thread.pool().freeFrames());
            DataPathThread.Builder one = DataPathThread.newBuilder()
                    .setNumber(number)
                    .setQueues(dataPaths.served(number))
                    .setFramesFree(here);
            dataPaths.cpu(number).ifPresent(one::setCpu);
            info.addThreads(one);
            free += here;
        }
        info.setPoolSize(pool.size())
                .setFrameSize(pool.frameSize())
                .setFrames(pool.frames())
                .setFramesFree(free);
    }
}
