/**
 * Ports as they are asked for: a record for each transport, valid once it is constructed, and the readers of the option strings
 * that User Mode Linux and QEMU have for them. Nothing here opens, resolves or asks anything. Cold.
 */
package io.sluice.worker.conductor.plan;
