/** Ports without a device, for measurements and tests: one takes everything, one makes packets. */
package io.sluice.worker.port.synthetic;
