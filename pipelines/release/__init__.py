"""Releases: publish an edition; open one, read-only."""

from pipelines.release.explaining import explain
from pipelines.release.figures import figures
from pipelines.release.lineage import feeds
from pipelines.release.publishing import Edition, publish
from pipelines.release.reader import Release, open_folder, open_release

__all__ = ["Edition", "Release", "explain", "feeds", "figures", "open_folder", "open_release", "publish"]
