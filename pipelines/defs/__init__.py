"""Dagster: a thin skin over plain functions. The only package that imports it."""
