/**
 * The unprivileged process. {@code memory}, {@code port}, {@code graph} and {@code engine} are the data path; {@code
 * conductor} owns the configuration; {@code control} serves gRPC; {@code sys} speaks to the kernel.
 */
package io.sluice.worker;
