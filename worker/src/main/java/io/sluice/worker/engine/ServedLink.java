package io.sluice.worker.engine;

import io.sluice.worker.graph.CrossConnect;
import io.sluice.worker.graph.Lane;
import io.sluice.worker.port.SharedSocket;
import io.sluice.worker.sys.Epoll;
import java.util.ArrayList;
import java.util.List;

/** A link in a duty cycle: its lanes, and the watch over those of their descriptors that are its own. Cold. */
final class ServedLink {
    private final CrossConnect link;
    private final List<ServedLane> lanes = new ArrayList<>();
    private final List<SharedSocket> sockets = new ArrayList<>();
    private final Watch watch;

    ServedLink(CrossConnect link, Rota rota, Epoll epoll, Watch.Cycles cycles) {
        this.link = link;
        List<ServedLane> own = new ArrayList<>();
        for (Lane lane : link.lanes()) {
            SharedSocket socket = lane.from().shared();
            ServedLane served = new ServedLane(lane, rota, socket == null ? own.size() : ServedLane.SHARED);
            lanes.add(served);
            if (socket == null) {
                own.add(served);
            } else {
                sockets.add(socket);
            }
        }
        watch = new Watch(epoll, cycles, own.toArray(Served[]::new));
        lanes.forEach(lane -> lane.watch(own.isEmpty() ? null : watch));
    }

    CrossConnect link() {
        return link;
    }

    /** The shared sockets of its queues, each as often as it has queues here. */
    List<SharedSocket> sockets() {
        return sockets;
    }

    /** Its queues may have packets already. */
    void begin() {
        for (ServedLane lane : lanes) {
            lane.lane().begin(lane);
            lane.wake();
            lane.sleeps(); // it stays awake, but from here on its descriptor wakes it
        }
    }

    /** Before the link or a port of it goes. */
    void end() {
        watch.leave();
        for (ServedLane lane : lanes) {
            lane.lane().end();
            lane.rota.remove(lane);
        }
        link.settle();
    }
}
