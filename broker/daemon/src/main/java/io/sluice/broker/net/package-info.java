/**
 * Network namespaces and rtnetlink, spoken directly: what a jail is made of. No process is started for it, and no thread
 * that anything else runs on ever changes its namespace.
 */
package io.sluice.broker.net;
