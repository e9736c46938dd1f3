"""Who lags, who slipped and what moved, as the report says it: the sentences of `pipelines.edition`, kept by edition."""

from datetime import date
from fractions import Fraction
from functools import reduce

import streamlit as st

from dashboards.queries.row_types import ShownChange
from pipelines.edition import Release, concern, movement_sentences
from pipelines.edition.compare_months import compare
from pipelines.edition.figure_types import Parts
from pipelines.edition.progress_rows import Moved, Slipped


@st.cache_resource(max_entries=200, show_spinner=False)
def _who_lags(folder: str, policy: str, month: date, divisions: str, _release: Release) -> str:
    return movement_sentences.who_lags(concern.places(_release, policy, month, divisions))


def who_lags(view) -> str:
    """The sentence on the counties that lag most."""
    return _who_lags(str(view.release.folder), view.policy, view.month, view.divisions, view.release)


@st.cache_resource(max_entries=200, show_spinner=False)
def _slipped(folder: str, policy: str, month: date, divisions: str, _release: Release) -> list[Slipped]:
    return movement_sentences.slipped(_release, policy, month, divisions)


def slipped(view, county: str | None = None, indicator: str | None = None) -> list[Slipped]:
    """Leading indicators of counties whose status is worse than a month before."""
    rows = _slipped(str(view.release.folder), view.policy, view.month, view.divisions, view.release)
    return [row for row in rows if county in (None, row["unit"]) and indicator in (None, row["indicator"])]


# of the edition's own month it is read; of another one computed once, in a second
@st.cache_resource(max_entries=200, show_spinner=False)
def _moved(folder: str, policy: str, month: date, _release: Release) -> list[Moved]:
    return movement_sentences.moved(_release, policy, month)


def moved(view) -> list[Moved]:
    """What moved of each leading share since the month before, by the divisions of the month."""
    return _moved(str(view.release.folder), view.policy, view.month, view.release)


# all indicators are counted together: the next one of the same months is at hand
@st.cache_resource(max_entries=20, show_spinner=False)
def _changes(folder: str, policy: str, first: date, last: date, _release: Release) -> list[ShownChange]:
    # the parts add up to the change, also where one of the values is none
    rows = compare(_release, first, last, policy=policy)
    return [{**row, "change": str(_all(row["parts"]))} for row in rows]


def _all(parts: Parts) -> Fraction:
    return reduce(lambda total, part: total + Fraction(part), parts.values(), Fraction(0))


def changes(view, first: date, last: date, indicator: str) -> list[ShownChange]:
    """The change of one indicator between two months in its parts, city first: `pipelines.edition.compare_months.compare`."""
    rows = _changes(str(view.release.folder), view.policy, first, last, view.release)
    return [row for row in rows if row["indicator"] == indicator]


def points(fraction: str | None) -> float | None:
    """An exact fraction as a number to show."""
    return None if fraction is None else float(Fraction(fraction))
