"""Dagster resource: the paths of an installation and its warehouse, opened for writing."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from pipelines.errors import Refusal
from pipelines.intake import session
from pipelines.settings import Settings
from pipelines.warehouse.projection import SetAside, Warehouse

# A second run or a command may be writing: wait for it rather than fail.
WAIT = 600.0


class Station(dg.ConfigurableResource):
    """One installation. Both are absolute paths."""

    data: str
    reference: str

    @property
    def settings(self) -> Settings:
        return Settings(Path(self.data), Path(self.reference))

    @contextmanager
    def open(self, doing: str) -> Iterator[Warehouse]:
        """The warehouse, under the writer's lock."""
        with refusals_shown(), session.writing(self.settings, doing, WAIT) as opened:
            yield opened


@contextmanager
def refusals_shown() -> Iterator[None]:
    """A refusal is shown as what it says, without a traceback. Trying again helps where a damaged warehouse was set aside; else it
    would say the same."""
    try:
        yield
    except Refusal as refusal:
        raise dg.Failure(str(refusal), allow_retries=isinstance(refusal, SetAside)) from None
