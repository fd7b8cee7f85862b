package io.sluice.broker.jail;

import static io.sluice.broker.sys.BrokerCalls.LIBC;

import io.sluice.broker.bpf.BpfProgram;
import io.sluice.broker.bpf.ProgramType;
import io.sluice.broker.net.NetNamespace;
import io.sluice.broker.net.Rtnetlink;
import io.sluice.broker.police.PoliceState;
import io.sluice.broker.policy.Place;
import io.sluice.broker.policy.Prefix;
import io.sluice.broker.policy.Program;
import io.sluice.broker.sys.Device;
import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.SyscallException;
import io.sluice.policy.v1.Symbol;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes jails, and removes what a killed broker left of its own. The devices of one broker carry a group (IFLA_GROUP) that
 * follows from where it listens, set as they are created: by that a successor knows them, whatever they are called.
 */
public final class Jails implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Jails.class);
    private static final int GROUP = 0x51000000;
    private static final int ENDED = 0x52000000;
    private static final int DEFAULT_MTU = 1500;

    /** What uses the device inside a jail. */
    public enum Inside {
        /** AF_PACKET and AF_XDP, which get frames before the namespace's own stack; it gets none, and can't speak up. */
        SOCKETS,
        /** A device that takes every frame before the stack does. */
        DEVICE,
        /** Sockets of IP: the device has the addresses, and speaks ARP. */
        STACK
    }

    private final Rtnetlink host;
    private final int group;
    /** Of devices whose jails have ended, so that all can be deleted at once. */
    final int ended;

    private long made;

    /**
     * @param instance tells this broker from others of the same network namespace, and is the same after a restart
     * @throws IOException rtnetlink can't be used
     */
    public Jails(String instance) throws IOException {
        CRC32 hash = new CRC32();
        hash.update(instance.getBytes(java.nio.charset.StandardCharsets.UTF_8));
        group = GROUP | ((int) hash.getValue() & 0xffffff);
        ended = ENDED | ((int) hash.getValue() & 0xffffff);
        host = Rtnetlink.open();
        for (int own : new int[] {group, ended}) {
            if (host.deleteGroup(own)) {
                LOG.info("removed devices that a killed broker had left");
            }
        }
    }

    /**
     * A jail as {@code place} says, shut. It is policed before it is up; inside, the device is up, and silent but for the
     * addresses that it is given.
     *
     * @param use what will use the device
     * @throws SyscallException ENODEV if there is no such bridge, EPERM without CAP_SYS_ADMIN
     */
    public Jail create(Place.Jail place, int queues, Inside use) throws IOException {
        try (Closer closer = new Closer()) {
            boolean bridged = !place.bridge().isEmpty();
            int bridge = bridged ? Device.named(place.bridge()).ifindex() : 0;
            int mtu = bridged ? Device.named(place.bridge()).mtu() : DEFAULT_MTU;
            byte[] mac = place.mac().network();
            NetNamespace inside = NetNamespace.create();
            closer.add(inside::close);
            int ifindex = createVeth(inside.fd(), mac, mtu, queues);
            closer.add(() -> delete(List.of(ifindex)));
            PoliceState state = PoliceState.create(closer);
            police(host, ifindex, true, place.fromTenant(), state.symbols());
            police(host, ifindex, false, place.toTenant(), state.symbols());
            if (bridged) {
                host.master(ifindex, bridge);
                host.guard(ifindex);
            }
            host.up(ifindex, false);
            inside.call(() -> setUpInside(place, use));
            // Has the kernel act on the carrier now, if it is 6.8 or newer (linkwatch_sync_dev): bridge port and qdisc
            // drop until then. Of itself it does so a moment later, which may be long while others hold rtnl.
            host.exists(ifindex);
            route(place, ifindex);
            return new Jail(ifindex, inside, state, closer.release());
        }
    }

    private int createVeth(Fd inside, byte[] mac, int mtu, int queues) throws IOException {
        while (true) {
            String name = "slu" + Long.toString(group & 0xffffff, 36) + "-" + Long.toString(made++ % 46_656, 36);
            if (LIBC.if_nametoindex(name) == 0) { // a name is 15 bytes at most
                host.createVeth(name, "eth0", inside, mac, mtu, group, queues);
                return Device.named(name).ifindex();
            }
        }
    }

    private static void police(
            Rtnetlink netlink, int ifindex, boolean ingress, Program program, Map<Symbol, Integer> symbols)
            throws IOException {
        try (BpfProgram loaded = BpfProgram.load(ProgramType.SCHED_CLS, "sluice_police", program, symbols)) {
            netlink.police(ifindex, ingress, loaded.fd(), "sluice");
        }
    }

    private static boolean setUpInside(Place.Jail place, Inside use) throws IOException {
        try (Rtnetlink netlink = Rtnetlink.open()) {
            int device = LIBC.if_nametoindex(place.device());
            netlink.up(device, use != Inside.STACK);
            if (use == Inside.SOCKETS) {
                police(netlink, device, true, place.silence(), Map.of());
            } else if (use == Inside.STACK) {
                for (Prefix prefix : place.addresses()) {
                    netlink.address(device, InetAddress.getByAddress(prefix.network()), prefix.length());
                }
                for (InetAddress gateway : place.gateways()) {
                    netlink.route(device, gateway, whole(gateway));
                    netlink.defaultRoute(gateway, device);
                }
            }
            return netlink.exists(device); // the carrier as in create
        }
    }

    private void route(Place.Jail place, int ifindex) throws IOException {
        for (InetAddress gateway : place.gateways()) {
            host.address(ifindex, gateway, whole(gateway));
        }
        if (!place.gateways().isEmpty()) {
            for (Prefix prefix : place.addresses()) {
                host.route(ifindex, InetAddress.getByAddress(prefix.network()), prefix.length());
            }
        }
    }

    private static int whole(InetAddress address) {
        return address.getAddress().length * Byte.SIZE;
    }

    /**
     * Deletes the devices of jails, with the waits of the kernel that one takes; those that are gone already are no error. The
     * caller may be any thread.
     *
     * @throws UncheckedIOException some may be there still
     */
    public void delete(List<Integer> devices) {
        try (Rtnetlink netlink = Rtnetlink.open()) {
            for (int ifindex : devices) {
                netlink.group(ifindex, ended);
            }
            netlink.deleteGroup(ended);
            for (int ifindex : devices) {
                if (netlink.exists(ifindex)) {
                    throw new IOException("it is still there: device " + ifindex);
                }
            }
        } catch (IOException e) {
            LOG.error("the device of a jail is not gone, but shut: {}", e.getMessage());
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        host.close();
    }
}
