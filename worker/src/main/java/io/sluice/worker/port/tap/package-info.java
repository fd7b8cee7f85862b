/** Tap devices (Documentation/networking/tuntap.rst): read and written a packet a call, or read through a packet socket. */
package io.sluice.worker.port.tap;
