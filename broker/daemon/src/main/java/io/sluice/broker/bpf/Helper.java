package io.sluice.broker.bpf;

/**
 * The kernel functions that our programs call: arguments in R1 to R5, result in R0, R1 to R5 undefined afterwards. None
 * of them is restricted to GPL programs.
 */
public enum Helper {
    /** {@code void *bpf_map_lookup_elem(map, key)}: address of the value, 0 if there is none. */
    MAP_LOOKUP_ELEM(1),
    /** {@code long bpf_skb_load_bytes(skb, offset, to, len)}: 0, or negative if the packet is shorter. */
    SKB_LOAD_BYTES(26),
    /** {@code long bpf_skb_pull_data(skb, len)}: makes len bytes accessible directly; old packet pointers are void. */
    SKB_PULL_DATA(39),
    /** {@code long bpf_redirect_map(map, key, flags)}: XDP_REDIRECT, or the lower bits of flags if the slot is empty. */
    REDIRECT_MAP(51);

    /** The number in enum bpf_func_id. */
    final int id;

    Helper(int id) {
        this.id = id;
    }
}
