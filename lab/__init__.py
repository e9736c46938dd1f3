"""Benchmarks, fault campaigns and the audit: programs to be run by hand, not part of the product."""
