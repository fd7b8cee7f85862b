/** The worker's gRPC services: thin, run in the conductor's thread. */
package io.sluice.worker.control;
