"""Benchmarks and fault campaigns: programs to be run by hand, not part of the product."""
