"""Python's search for cycles of garbage, kept off what a short command loads: modules and reference data stay until its end."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """No search within the block, and none later through what there was at its end, until `gc.unfreeze`; a fork then copies no pages for it."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
