/** What the tests build their traffic and networks of. Nothing here shares code with what it tests. */
package io.sluice.worker.lab;
