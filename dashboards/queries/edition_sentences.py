"""Who lags, who slipped and what moved, as the report says it: the sentences of `pipelines.edition`, kept by edition."""

from datetime import date
from fractions import Fraction
from functools import reduce

import streamlit as st

from pipelines.edition import Release, concern, movement_sentences
from pipelines.edition.compare_months import compare
from pipelines.edition.progress_rows import Moved, Slipped


@st.cache_resource(max_entries=200, show_spinner=False)
def _who_lags(folder: str, policy: str, month: date, _release: Release) -> str:
    return movement_sentences.who_lags(concern.places(_release, policy, month))


def who_lags(view) -> str:
    return _who_lags(str(view.release.folder), view.policy, view.month, view.release)


@st.cache_resource(max_entries=200, show_spinner=False)
def _slipped(folder: str, policy: str, month: date, _release: Release) -> list[Slipped]:
    return movement_sentences.slipped(_release, policy, month)


def slipped(view, county: str | None = None, indicator: str | None = None) -> list[Slipped]:
    """Leading indicators of counties whose status is worse than a month before."""
    found = _slipped(str(view.release.folder), view.policy, view.month, view.release)
    return [row for row in found if county in (None, row["unit"]) and indicator in (None, row["indicator"])]


@st.cache_resource(max_entries=50, show_spinner=False)
def _moved(folder: str, policy: str, _release: Release) -> list[Moved]:
    return movement_sentences.moved(_release, policy)


def moved(view) -> list[Moved]:
    """What moved of each leading share since the month before; of the edition's month alone."""
    return _moved(str(view.release.folder), view.policy, view.release) if view.month == view.release.month else []


@st.cache_resource(max_entries=50, show_spinner=False)
def _changes(folder: str, policy: str, first: date, last: date, indicator: str, _release: Release) -> list[dict]:
    found = compare(_release, first, last, indicator, policy=policy)
    # the parts add up to the change, also where one of the values is none
    return [{**row, "change": str(_all(row["parts"]))} for row in found]


def _all(parts: dict[str, str]) -> Fraction:
    return reduce(lambda total, part: total + Fraction(part), parts.values(), Fraction(0))


def changes(view, first: date, last: date, indicator: str) -> list[dict]:
    """The change of one indicator between two months in its parts, city first: `pipelines.edition.compare_months.compare`."""
    return _changes(str(view.release.folder), view.policy, first, last, indicator, view.release)


def points(fraction: str | None) -> float | None:
    """An exact fraction as a number to show."""
    return None if fraction is None else float(Fraction(fraction))
