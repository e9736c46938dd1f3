"""Releases: publish an edition; open one, read-only."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.edition.cell_lineage import feeds
    from pipelines.edition.explain_figure import explain
    from pipelines.edition.figure_list import figures
    from pipelines.edition.open_edition import Release, open_folder, open_release
    from pipelines.edition.publish_edition import Edition, publish

__all__ = ["Edition", "Release", "explain", "feeds", "figures", "open_folder", "open_release", "publish"]

# imported when first asked for: a command that checks a file needs none of them
_PLACES = {
    "cell_lineage": ("feeds",),
    "explain_figure": ("explain",),
    "figure_list": ("figures",),
    "open_edition": ("Release", "open_folder", "open_release"),
    "publish_edition": ("Edition", "publish"),
}


def __getattr__(name: str) -> Any:
    for module, names in _PLACES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
