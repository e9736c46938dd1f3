"""Who lags, who slipped and what moved, as the report says it: the sentences of `pipelines.edition`, kept by edition."""

from datetime import date
from fractions import Fraction
from functools import reduce

from dashboards.queries.edition_data import computed
from dashboards.queries.row_types import ShownChange
from pipelines.edition import Release, concern, movement_sentences
from pipelines.edition.compare_months import compare
from pipelines.edition.figure_types import Parts
from pipelines.edition.progress_rows import Moved, Slipped


def who_lags(view) -> str:
    """The sentence on the counties that lag most."""
    return computed(_who_lags, view.release, view.policy, view.month, view.divisions)


def _who_lags(release: Release, policy: str, month: date, divisions: str) -> str:
    return movement_sentences.who_lags(concern.places(release, policy, month, divisions))


def slipped(view, county: str | None = None, indicator: str | None = None) -> list[Slipped]:
    """Headline indicators of counties whose status is worse than a month before."""
    rows = computed(movement_sentences.slipped, view.release, view.policy, view.month, view.divisions)
    return [row for row in rows if county in (None, row["unit"]) and indicator in (None, row["indicator"])]


def moved(view) -> list[Moved]:
    """What moved of each headline share since the month before, by the divisions of the month."""
    return computed(movement_sentences.moved, view.release, view.policy, view.month)


# all indicators are counted together: the next one of the same months is at hand
def _changes(release: Release, policy: str, first: date, last: date) -> list[ShownChange]:
    # the parts add up to the change, also where one of the values is none
    rows = compare(release, first, last, policy=policy)
    return [{**row, "change": str(_all(row["parts"]))} for row in rows]


def _all(parts: Parts) -> Fraction:
    return reduce(lambda total, part: total + Fraction(part), parts.values(), Fraction(0))


def changes(view, first: date, last: date, indicator: str) -> list[ShownChange]:
    """The change of one indicator between two months in its parts, city first: `pipelines.edition.compare_months.compare`."""
    rows = computed(_changes, view.release, view.policy, first, last)
    return [row for row in rows if row["indicator"] == indicator]


def points(fraction: str | None) -> float | None:
    """An exact fraction as a number to show."""
    return None if fraction is None else float(Fraction(fraction))
