package io.sluice.broker.policy;

import com.google.protobuf.ByteString;
import io.sluice.policy.v1.BusyPollMessage;
import io.sluice.policy.v1.GrantMessage;
import io.sluice.policy.v1.IdentityMessage;
import io.sluice.policy.v1.IpMessage;
import io.sluice.policy.v1.JailMessage;
import io.sluice.policy.v1.PacketMessage;
import io.sluice.policy.v1.PlaceMessage;
import io.sluice.policy.v1.PolicyMessage;
import io.sluice.policy.v1.PrefixMessage;
import io.sluice.policy.v1.ProgramMessage;
import io.sluice.policy.v1.QuotaMessage;
import io.sluice.policy.v1.Relocation;
import io.sluice.policy.v1.RingsMessage;
import io.sluice.policy.v1.TenantMessage;
import io.sluice.policy.v1.XdpMessage;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Makes records of what the compiler says. The constructors check all of it again, so every method here throws
 * IllegalArgumentException at what is no policy.
 */
public final class PolicyDecoder {
    private PolicyDecoder() {}

    /** A whole policy. */
    public static Policy policy(PolicyMessage from) {
        return new Policy(
                from.getSource(),
                from.getText(),
                map(from.getAdminsList(), PolicyDecoder::identity),
                map(from.getTenantsList(), PolicyDecoder::tenant));
    }

    /** Who somebody is. */
    public static Identity identity(IdentityMessage from) {
        return switch (from.getIdCase()) {
            case UID -> new Identity(Identity.Kind.UID, from.getUid());
            case GID -> new Identity(Identity.Kind.GID, from.getGid());
            case ID_NOT_SET -> throw new IllegalArgumentException("an identity of nobody");
        };
    }

    /** A tenant with its grants. */
    public static Tenant tenant(TenantMessage from) {
        QuotaMessage quota = from.getQuota();
        return new Tenant(
                from.getName(),
                identity(from.getIdentity()),
                new Quota(quota.getLeases(), quota.getMemory(), quota.getConnections(), quota.getQueues()),
                from.getGraceMs(),
                map(from.getGrantsList(), PolicyDecoder::grant));
    }

    /** A grant. */
    public static Grant grant(GrantMessage from) {
        String name = from.getName();
        Place place = place(from.getPlace());
        Program program = program(from.getProgram());
        return switch (from.getKindCase()) {
            case XDP -> xdp(name, place, from.getXdp(), program);
            case PACKET -> packet(name, place, from.getPacket(), program);
            case TAP ->
                new TapGrant(
                        name,
                        jail(place),
                        from.getTap().getQueues(),
                        from.getTap().getOffloads(),
                        program);
            case IP -> {
                IpMessage ip = from.getIp();
                yield new IpGrant(name, ip.getKind(), jail(place), ip.getProtocol(), ip.getPort(), program);
            }
            case KIND_NOT_SET -> throw new IllegalArgumentException("a grant of no kind");
        };
    }

    private static Grant xdp(String name, Place place, XdpMessage from, Program program) {
        RingsMessage rings = from.getRings();
        BusyPollMessage polls = from.getBusyPoll();
        return new XdpGrant(
                name,
                place,
                from.getQueuesList(),
                XdpMode.valueOf(from.getMode()),
                from.getForceCopy(),
                from.getRxOnly(),
                new Rings(rings.getRx(), rings.getTx(), rings.getFill(), rings.getCompletion()),
                from.hasBusyPoll()
                        ? Optional.of(new BusyPoll(polls.getTimeoutMicros(), polls.getBudget()))
                        : Optional.empty(),
                program);
    }

    private static Grant packet(String name, Place place, PacketMessage from, Program program) {
        return new PacketGrant(
                name,
                place,
                from.getSockets(),
                Fanout.valueOf(from.getFanout()),
                from.getOffloads(),
                from.getPromiscuous(),
                from.getBufferBytes(),
                from.getRingFrames(),
                program);
    }

    private static Place.Jail jail(Place place) {
        Require.that(place instanceof Place.Jail, "it needs a jail");
        return (Place.Jail) place;
    }

    /** Where a device is. */
    public static Place place(PlaceMessage from) {
        if (!from.hasJail()) {
            return new Place.Host(from.getDevice());
        }
        JailMessage jail = from.getJail();
        return new Place.Jail(
                jail.getBridge(),
                map(jail.getGatewaysList(), PolicyDecoder::address),
                Prefix.of(jail.getMac().toByteArray()),
                map(jail.getAddressesList(), PolicyDecoder::prefix),
                program(jail.getFromTenant()),
                program(jail.getToTenant()),
                program(jail.getSilence()));
    }

    private static <F, T> List<T> map(List<F> from, Function<F, T> each) {
        return from.stream().map(each).toList();
    }

    private static InetAddress address(ByteString bytes) {
        try {
            return InetAddress.getByAddress(bytes.toByteArray());
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private static Prefix prefix(PrefixMessage from) {
        return new Prefix(from.getNetwork().toByteArray(), from.getLength());
    }

    /** Instructions and what they lack. */
    public static Program program(ProgramMessage from) {
        return new Program(
                from.getCode(),
                from.getRelocationsList().stream()
                        .collect(Collectors.toMap(Relocation::getInstruction, Relocation::getSymbol)));
    }
}
