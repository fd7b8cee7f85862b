/**
 * Configuration: which ports and links there are to be, and what became of them. One thread owns it; gRPC calls run in that
 * thread, and the data path is changed only by its commands. Cold.
 */
package io.sluice.worker.conductor;
