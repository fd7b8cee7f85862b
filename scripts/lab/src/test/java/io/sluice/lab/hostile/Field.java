package io.sluice.lab.hostile;

import io.sluice.lab.Command;
import io.sluice.lab.Lab;
import io.sluice.lab.Namespace;
import java.util.List;

/**
 * A namespace like a jail, with a device at the same bridge, but without any rules: what a careless broker would make.
 *
 * @param ground where it lies
 * @param namespace with the device eth0
 */
record Field(Ground ground, Namespace namespace) {
    /** Its device's other end, where the broker works. */
    static final String PEER = "f0";

    /** Makes it. */
    static Field at(Ground ground, String bridge) {
        Lab lab = ground.lab();
        Namespace namespace = lab.namespace("field");
        lab.run(Command.of(
                        "sh",
                        "-c",
                        "for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do [ ! -e $f ] || echo 1 >$f; done")
                .in(namespace));
        lab.veth(namespace.device("eth0"), ground.net().dut().device(PEER));
        // The bridge must not take it for the victim when it says so, or the next case would suffer from this one.
        for (String command : List.of(
                "ip link set " + PEER + " master " + bridge,
                "ip link set " + PEER + " type bridge_slave learning off")) {
            lab.run(Command.of(List.of(command.split(" ", -1))).in(ground.net().dut()));
        }
        return new Field(ground, namespace);
    }

    /** An attacker that holds what a careless maker has made here. */
    Tenant weak(String... maker) {
        return ground.weakIn(namespace, maker);
    }
}
