"""The former name of `pipelines.edition`, kept for notebooks that others have written."""

from pipelines.edition import dataframes as frames
from pipelines.edition import open_folder, open_release
from pipelines.edition import what_if as planning

__all__ = ["frames", "open_folder", "open_release", "planning"]
