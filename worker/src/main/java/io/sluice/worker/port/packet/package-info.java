/** AF_PACKET ports (packet(7)): whole superframes by recvmmsg and sendmmsg. */
package io.sluice.worker.port.packet;
