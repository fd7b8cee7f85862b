/** How all tests run. */
package io.sluice.grant.testing;
