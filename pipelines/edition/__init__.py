"""Releases: publish an edition; open one, read-only."""

from pipelines.edition.cell_lineage import feeds
from pipelines.edition.explain_figure import explain
from pipelines.edition.figure_list import figures
from pipelines.edition.open_edition import Release, open_folder, open_release
from pipelines.edition.publish_edition import Edition, publish

__all__ = ["Edition", "Release", "explain", "feeds", "figures", "open_folder", "open_release", "publish"]
