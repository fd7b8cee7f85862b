/** What the programs that police a jail share with the broker: the gate, and the counters of what they dropped. */
package io.sluice.broker.police;
