/** The command line {@code sluice}: one main class for each command that has to start fast. */
package io.sluice.cli;
