/** Frames and descriptors over a unix stream socket. docs/protocol.md specifies the bytes. */
package io.sluice.grant.channel;
