/**
 * What a jail lets through: rules from the policy, and the two BPF programs on the host end of its veth pair that keep
 * them, whatever the tenant writes to its sockets and whether or not the broker lives.
 */
package io.sluice.compiler.police;
