/** What the fuzz targets share. The targets themselves are in the packages of what they are about. */
package io.sluice.fuzzing;
