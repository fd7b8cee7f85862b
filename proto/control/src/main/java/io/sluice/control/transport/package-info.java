/**
 * How gRPC travels here: unix sockets whose peers are known by their credentials, and TCP with mutual TLS. Shared by the
 * two servers (worker, gateway) and their clients.
 */
package io.sluice.control.transport;
