"""Shequ (社区): workbooks in, releases out."""

__version__ = "1.0.0"
