/** What the compiler has of the C library. */
package io.sluice.compiler.sys;
