/**
 * Who may have what: the policy file read into sealed records, and the pure decision over them.
 *
 * <p>{@link io.sluice.broker.policy.PolicyLoader} turns YAML into a {@link io.sluice.broker.policy.Policy} or says, by
 * line and column, what is wrong. {@link io.sluice.broker.policy.Decision} turns a policy, a peer and a request into an
 * {@link io.sluice.broker.policy.Order}, which is a grant narrowed and never widened, or into a refusal. Nothing here
 * opens a socket; only the look-up of user and group names leaves the process.
 */
package io.sluice.broker.policy;
