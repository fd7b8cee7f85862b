/**
 * Test networks: namespaces, veth pairs and the processes in them, all gone again when a {@link io.sluice.lab.Lab} is
 * closed, however it ends. Quickstart, the benchmarks and the end-to-end tests are built on it. Needs root.
 */
package io.sluice.lab;
