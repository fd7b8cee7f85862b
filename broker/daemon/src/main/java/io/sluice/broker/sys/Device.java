package io.sluice.broker.sys;

import static io.sluice.broker.sys.BrokerCalls.LIBC;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import jnr.constants.platform.Errno;

/**
 * A network device of the broker's network namespace, as it is now (netdevice(7)).
 *
 * @param mtu bytes without the Ethernet header
 * @param mac 6 bytes
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Device(String name, int ifindex, int mtu, byte[] mac) {
    private static final long SIOCGIFMTU = 0x8921;
    private static final long SIOCGIFHWADDR = 0x8927;
    private static final int IFREQ_UNION = 16;

    /** Looks the device up. ENODEV if there is none of that name. */
    public static Device named(String name) throws SyscallException {
        int ifindex = LIBC.if_nametoindex(name);
        if (ifindex == 0) {
            throw new SyscallException("look up device " + name, Errno.ENODEV.intValue());
        }
        try (Fd any = Sockets.open(Sockets.AF_INET, Sockets.SOCK_DGRAM, 0, "AF_INET")) {
            ByteBuffer request = Native.allocate(40);
            request.put(0, name.getBytes(StandardCharsets.US_ASCII));
            Native.check(LIBC.ioctl(any.number(), SIOCGIFMTU, request), "ioctl(SIOCGIFMTU, " + name + ")");
            int mtu = request.getInt(IFREQ_UNION);
            Native.check(LIBC.ioctl(any.number(), SIOCGIFHWADDR, request), "ioctl(SIOCGIFHWADDR, " + name + ")");
            byte[] mac = new byte[6];
            request.get(IFREQ_UNION + 2, mac);
            return new Device(name, ifindex, mtu, mac);
        }
    }
}
