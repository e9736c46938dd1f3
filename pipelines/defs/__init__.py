"""Dagster definitions over plain functions. The only package that imports Dagster."""
