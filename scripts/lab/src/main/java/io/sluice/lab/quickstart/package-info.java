/** {@code scripts/quickstart}: the whole of Sluice at work in one minute, with a report of what held. */
package io.sluice.lab.quickstart;
