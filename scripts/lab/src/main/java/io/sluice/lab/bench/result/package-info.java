/**
 * What a suite of benchmarks has found, and how it is judged and shown: figures, checks, JSON, Markdown, plots. Nothing in here
 * measures; everything can be made again from the JSON.
 */
package io.sluice.lab.bench.result;
