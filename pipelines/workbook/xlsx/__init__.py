"""Readers of the xlsx format."""
