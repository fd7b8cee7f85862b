/** The worker's view of the C library. Hot calls take and return primitives only, so that no call allocates. */
package io.sluice.worker.sys;
