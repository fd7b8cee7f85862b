/** Leases by the thousand, with clients and brokers killed: what is left afterwards. */
package io.sluice.lab.soak;
