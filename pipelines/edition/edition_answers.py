"""The last accepted answers before a month, from the newest edition that has them, without the writer's lock."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines import months
from pipelines.archive.store import Archive
from pipelines.edition import edition_folders
from pipelines.figures.standing_answers import CARRY_MONTHS
from pipelines.reference.form import Form, Part
from pipelines.settings import Settings
from pipelines.template import Answered, LastAnswers
from pipelines.template.last_answers import shown


def last_answers(settings: Settings, form: Form, month: date) -> LastAnswers | None:
    """Answers in force of the month before, else of the one before it, from its newest edition; None without one."""
    archive = Archive(settings.archive)
    for back in range(1, CARRY_MONTHS + 1):
        then = months.add(month, -back)
        names = edition_folders.usable(settings.releases, archive, then)
        if names:
            folder = names[-1]
            units = _answered(folder, "standing", then, "uid", form.community)
            return LastAnswers(then, units, _answered(folder, "county_standing", then, "unit", form.county))
    return None


def _answered(folder: Path, table: str, month: date, key: str, part: Part) -> Answered:
    """The rows of a month table that have an answer, own or carried."""
    place = folder / "tables" / table / f"{months.key(month)}.parquet"
    try:
        with pq.ParquetFile(place) as file:
            stored = set(file.schema_arrow.names)
            # an answer whose name is also a column of the roster is in `reported:<field>`
            names = {f.id: name for f in part for name in (f.id, f"reported:{f.id}") if name in stored}
            # one thread is faster for this size
            rows = file.read([key, "answered_in", *names.values()], use_threads=False)
    except (OSError, pa.ArrowInvalid) as fault:
        raise edition_folders.Damaged(
            f"发布版 {folder.parent.name}/{folder.name} 的文件缺失或损坏：{place.name}"
        ) from fault
    since = rows["answered_in"].to_pylist()
    place_of = {name: i for i, name in enumerate(rows[key].to_pylist()) if since[i] is not None}
    return Answered(place_of, since, {name: _cells(rows[stored_as]) for name, stored_as in names.items()})


def _cells(column: pa.ChunkedArray) -> list[object]:
    """The answers as texts of cells; each distinct value is converted once."""
    coded = column.combine_chunks().dictionary_encode()
    made = [shown(value) for value in coded.dictionary.to_pylist()]
    return [None if place is None else made[place] for place in coded.indices.to_pylist()]
