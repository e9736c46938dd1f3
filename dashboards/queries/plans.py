"""When a target would be reached at a pace: the notebook's plan, kept by edition."""

from datetime import date
from decimal import Decimal

import streamlit as st

from pipelines.edition import Release, what_if
from pipelines.errors import Refusal


@st.cache_resource(max_entries=200, show_spinner=False)
def _reached(folder: str, indicator: str, pace: int, _release: Release) -> date | None:
    start, target = what_if.places(_release, indicator)
    plan = what_if.simulate(start, target, _release.month, Decimal(pace), what_if.NEAREST, "city")
    return what_if.city_reached(plan, start, target)


def city_reached(view, indicator: str, pace: int) -> date | None:
    """The month in which the city reaches the target with so many units more a month; None where never, or it is no such share."""
    try:
        return _reached(str(view.release.folder), indicator, pace, view.release)
    except Refusal:
        return None
