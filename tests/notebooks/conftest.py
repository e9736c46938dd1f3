"""The small installation, for the notebooks too."""

from tests.reports.conftest import june, may, place

__all__ = ["june", "may", "place"]
