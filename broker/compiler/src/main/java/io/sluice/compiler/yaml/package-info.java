/**
 * The policy file: {@link io.sluice.compiler.yaml.PolicyLoader} turns YAML into the message that the broker gets, or says, by
 * line and column, what is wrong. Only the look-up of user and group names leaves the process.
 */
package io.sluice.compiler.yaml;
