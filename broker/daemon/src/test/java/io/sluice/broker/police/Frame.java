package io.sluice.broker.police;

import java.io.ByteArrayOutputStream;
import java.util.HexFormat;

/** Frames written down as hexadecimal digits, spaces and colons left out. */
final class Frame {
    static final String TENANT = "02:00:00:00:01:10";
    static final String SECOND = "02:00:00:00:01:11";
    static final String OTHER = "02:00:00:00:02:20";
    static final String BROADCAST = "ff:ff:ff:ff:ff:ff";
    static final String MULTICAST_V6 = "33:33:00:00:00:01";

    static final String OWN_IPV4 = "0a010010"; // 10.1.0.16
    static final String OTHER_IPV4 = "0a010110"; // 10.1.1.16
    static final String OWN_IPV6 = "20010db8 00000001 00000000 00000010"; // 2001:db8:0:1::10
    static final String OTHER_IPV6 = "20010db8 00000002 00000000 00000010";
    static final String LINK_LOCAL = "fe800000 00000000 000000ff fe000110"; // of TENANT
    static final String OTHER_LINK_LOCAL = "fe800000 00000000 000000ff fe000220";
    static final String UNSPECIFIED = "00".repeat(16);
    static final String ALL_NODES = "ff020000 00000000 00000000 00000001";

    private Frame() {}

    static byte[] bytes(String... hex) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (String part : hex) {
            bytes.writeBytes(HexFormat.of().parseHex(part.replaceAll("[ :]", "")));
        }
        return bytes.toByteArray();
    }

    /** A 16-bit number. */
    static String u16(int value) {
        return String.format("%04x", value);
    }

    static String u8(int value) {
        return String.format("%02x", value);
    }

    static String tag(int vlan) {
        return "8100" + u16(vlan);
    }

    static String arp(int operation, String mac, String ip) {
        return "0806 0001 0800 0604" + u16(operation) + mac + ip + "00".repeat(6) + OTHER_IPV4;
    }

    static String ipv4(String source) {
        return "0800 4500 0024 0000 4000 4011 0000" + source + OTHER_IPV4 + "1234 5678 0010 0000" + "00".repeat(8);
    }

    static String ipv6(String source, int next, String payload) {
        int length = payload.replaceAll("[ :]", "").length() / 2;
        return "86dd 6000 0000" + u16(length) + u8(next) + "ff" + source + ALL_NODES + payload;
    }

    /** An extension header of 8 bytes. */
    static String extension(int next) {
        return u8(next) + "00 0104 0000 0000";
    }

    static String icmpv6(int type, String target) {
        return u8(type) + "00 0000 0000 0000" + target + "0201" + TENANT;
    }
}
