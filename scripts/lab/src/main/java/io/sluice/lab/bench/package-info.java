/**
 * Benchmarks against peers: the same network, the same load, the same devices, run by run in turn. A contender that is
 * not installed is left out with a message; nothing is compared with a figure from another day.
 */
package io.sluice.lab.bench;
