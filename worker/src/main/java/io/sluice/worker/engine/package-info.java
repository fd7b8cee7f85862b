/** The data-path thread: its duty cycle, and how it idles. Hot. */
package io.sluice.worker.engine;
