/** AF_XDP ports (Documentation/networking/af_xdp.rst): rings made by the broker, mapped and run here. */
package io.sluice.worker.port.xdp;
