"""Dagster resource: the paths of an installation and its warehouse, opened for writing."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from pipelines.edition.edition_folders import Lost
from pipelines.errors import Refusal
from pipelines.intake import session
from pipelines.monthly import rebuild_editions
from pipelines.settings import Settings
from pipelines.warehouse.projection import SetAside, Warehouse

# A second run or a command may be writing: wait for it rather than fail.
WAIT = 600.0


class Station(dg.ConfigurableResource["Station"]):
    """An installation's data folder and reference data, as absolute paths."""

    data: str
    reference: str

    @property
    def settings(self) -> Settings:
        return Settings(Path(self.data), Path(self.reference))

    @contextmanager
    def open(self, doing: str) -> Iterator[Warehouse]:
        """The warehouse, under the writer's lock; brought up to date with the archive where it is behind."""
        with refusals_shown(), self._lost_editions_put_back(), session.writing(self.settings, doing, WAIT) as opened:
            if opened.applied() < opened.archive.last_seq():
                session.settle(opened)
            yield opened

    @contextmanager
    def _lost_editions_put_back(self) -> Iterator[None]:
        """Rebuild missing editions of the ledger from the archive, as `shequ run` does; the step is then retried."""
        try:
            yield
        except Lost:
            rebuild_editions.rebuild(self.settings)
            raise


@contextmanager
def refusals_shown() -> Iterator[None]:
    """Show a refusal without traceback; retry only where a damaged warehouse was set aside or lost editions were restored."""
    try:
        yield
    except Refusal as refusal:
        raise dg.Failure(str(refusal), allow_retries=isinstance(refusal, SetAside | Lost)) from None
