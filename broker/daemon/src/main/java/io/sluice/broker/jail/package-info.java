/** A network of a tenant's own, with rules at its only way out. */
package io.sluice.broker.jail;
