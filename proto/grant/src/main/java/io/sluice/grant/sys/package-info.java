/**
 * The thinnest layer over system calls that every process of ours shares: owned descriptors, native memory, errno as an
 * exception that names its operation. Each process adds one native interface of its own, which holds only what that
 * process may call.
 */
package io.sluice.grant.sys;
