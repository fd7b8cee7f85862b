/** The control plane: gRPC services of the worker and of the gateway, and what all their processes share. */
package io.sluice.control;
