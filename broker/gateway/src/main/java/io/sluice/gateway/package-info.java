/**
 * The operators' gRPC front of the broker: an unprivileged process that holds no descriptors and speaks the admin table of
 * the fd plane.
 */
package io.sluice.gateway;
