package io.sluice.control.transport;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;

/** The event loops of servers and clients: Netty's epoll, one daemon thread each. */
final class Epoll {
    private Epoll() {}

    static EventLoopGroup newLoop(String name) {
        if (!io.netty.channel.epoll.Epoll.isAvailable()) {
            throw new IllegalStateException(
                    "cannot load Netty's epoll library; if the temporary directory is mounted noexec, start with"
                            + " -Dio.netty.native.workdir=DIR",
                    io.netty.channel.epoll.Epoll.unavailabilityCause());
        }
        return new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory(name, true), EpollIoHandler.newFactory());
    }
}
