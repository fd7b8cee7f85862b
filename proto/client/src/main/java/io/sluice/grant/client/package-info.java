/** The client's side of the fd plane, for workers (tenant table) and the gateway (admin table). */
package io.sluice.grant.client;
