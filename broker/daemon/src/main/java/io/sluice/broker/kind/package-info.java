/**
 * What can be granted, one class a kind: how it is made, in which order, and how it is taken back. The order of the steps
 * is the security property; each class says why.
 */
package io.sluice.broker.kind;
