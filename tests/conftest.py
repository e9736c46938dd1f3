"""What holds for every test."""

import gc
import sys

import pytest

_PROGRAM = sys.modules["__main__"]
# Files that last longest (20 s of CPU and more, children counted), longest first: begun last, they would keep one worker while the others have ended.
LONG = (
    "dashboards/test_browser", "notebooks/test_notebooks", "faults/test_kills", "lab/test_audit_recomputes", "serving/test_serve",
    "monthly/test_gate", "archive/test_decision_scenarios", "documentation/test_readme", "documentation/test_contributing",
    "dashboards/test_pages", "defs/test_monthly_run", "dashboards/test_month_board", "intake/test_rows_supersede_rows",
    "faults/test_shelf", "intake/test_decisions_reach_the_readers", "intake/test_explanations", "faults/test_sequences",
    "lab/test_audit_of_odd_months", "figures/test_compare_months", "intake/test_ways_back", "figures/test_change_breakdown",
    "faults/test_warehouse", "figures/test_verdict_cases_in_the_engine", "faults/test_old_archives", "figures/test_country_books",
)  # fmt: skip


def pytest_collection():
    """Nothing that is imported and collected becomes garbage: looking for it takes a quarter of the time."""
    gc.disable()


def pytest_collection_finish():
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items):
    """The long files first; all others stay in their order."""
    places = {f"tests/{name}.py": place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.nodeid.split("::")[0], len(places)))


@pytest.fixture(autouse=True)
def program_as_main():
    """Streamlit's `AppTest` leaves the tried page as `__main__`, and a spawned child would begin by running it."""
    yield
    sys.modules["__main__"] = _PROGRAM


@pytest.fixture(autouse=True)
def reader_on_this_machine(monkeypatch):
    """`AppTest` has mocks for the caller's address and cookies; of a caller on this machine Streamlit says no address."""
    if context := sys.modules.get("streamlit.runtime.context"):
        monkeypatch.setattr(context.ContextProxy, "ip_address", None)
        monkeypatch.setattr(context.ContextProxy, "cookies", {})
