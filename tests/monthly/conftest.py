"""The small installation, for the pages for the public too."""

from tests.reports.conftest import may, place

__all__ = ["may", "place"]
