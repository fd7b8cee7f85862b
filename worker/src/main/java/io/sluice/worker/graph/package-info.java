/** What happens between ports. Hot. */
package io.sluice.worker.graph;
