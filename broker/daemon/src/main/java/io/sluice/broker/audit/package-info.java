/** The JSON form of what the broker records, docs/audit.md, written without a library. */
package io.sluice.broker.audit;
