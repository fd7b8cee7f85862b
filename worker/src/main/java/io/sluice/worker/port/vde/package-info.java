/** Ports of a VDE switch (Virtual Distributed Ethernet, vde_switch(1)): message ports whose socket the switch assigns. */
package io.sluice.worker.port.vde;
