/**
 * The privileged process. {@link io.sluice.broker.BrokerMain} starts it, {@code server} talks to clients, {@code policy}
 * decides, {@code kind} makes, {@code lease} keeps, {@code bpf} and {@code sys} speak to the kernel, {@code audit} writes
 * down.
 */
package io.sluice.broker;
