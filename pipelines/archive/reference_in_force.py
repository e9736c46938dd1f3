"""Reference data with what the city has decided on it: the units that it admitted between two editions of the roster."""

from pathlib import Path

from pipelines.archive import month_state
from pipelines.archive.store import Archive
from pipelines.reference import reference_bundle
from pipelines.reference.reference_bundle import Reference
from pipelines.reference.roster import Admission
from pipelines.settings import Settings


def load(settings: Settings) -> Reference:
    """The installation's reference data as it is in force now; an archive that does not exist yet has admitted nothing."""
    return of_folder(settings.reference, Archive(settings.archive))


def for_reading(settings: Settings) -> Reference:
    """The same, checked as far as reading and judging workbooks needs it."""
    return _admitted(reference_bundle.for_reading(settings.reference), Archive(settings.archive))


def of_folder(folder: Path, archive: Archive, until: int | None = None) -> Reference:
    """The reference data of a folder, with the admissions in force after the events of the ledger (up to `until`)."""
    return _admitted(reference_bundle.load(folder), archive, until)


def _admitted(reference: Reference, archive: Archive, until: int | None = None) -> Reference:
    events = archive.decisions(until=until) if archive.ledger.exists() else ()
    life = month_state.fold(events, [])
    return reference.with_admissions(Admission.of(event.body) for event in life.admissions)
