/**
 * From a plan to a port: one opener for each family of transports. What needs privilege comes as a lease from the broker, the
 * rest the worker opens itself, unless it is sealed. Runs in the conductor's thread; cold.
 */
package io.sluice.worker.conductor.open;
