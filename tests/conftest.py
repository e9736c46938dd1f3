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
def caller_of_pages(monkeypatch):
    """`AppTest` gives a page's caller an address that is no text: whoever tries a page so is on this machine."""
    if "streamlit" in sys.modules:
        monkeypatch.setattr("streamlit.runtime.context.ContextProxy.ip_address", "127.0.0.1")
