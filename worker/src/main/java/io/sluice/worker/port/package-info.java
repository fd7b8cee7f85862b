/** Ports: one small contract ({@link io.sluice.worker.port.PortQueue}), one package a kind. Hot. */
package io.sluice.worker.port;
