package io.sluice.compiler.bpf;

/** Functions of the kernel, none restricted to GPL programs: arguments in R1 to R5, which are lost, result in R0. */
public enum Helper {
    MAP_LOOKUP_ELEM(1), // void *(map, key): address of the value, 0 if there is none
    SKB_LOAD_BYTES(26), // long (skb, offset, to, len): 0, or negative if the packet is shorter
    SKB_PULL_DATA(39), // long (skb, len): makes len bytes accessible directly; old packet pointers are void
    REDIRECT(23), // long (ifindex, flags): a packet leaves by the device, or comes in by it with flag 1
    REDIRECT_MAP(51), // long (map, key, flags): XDP_REDIRECT, or the lower bits of flags if the slot is empty
    XDP_GET_BUFF_LEN(188); // u64 (xdp_md): bytes of the frame, from Linux 5.18 on

    /** The number in enum bpf_func_id. */
    final int id;

    Helper(int id) {
        this.id = id;
    }
}
