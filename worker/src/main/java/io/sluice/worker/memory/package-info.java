/** Frames and vectors: where packets are while the worker has them. Hot: no allocation, no lock, no log. */
package io.sluice.worker.memory;
