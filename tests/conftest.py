"""What holds for every test."""

import sys

import pytest

_PROGRAM = sys.modules["__main__"]


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
