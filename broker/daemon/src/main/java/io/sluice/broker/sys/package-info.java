/** The broker's view of the C library. */
package io.sluice.broker.sys;
