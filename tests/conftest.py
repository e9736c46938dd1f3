"""What holds for every test."""

import sys

import pytest

_PROGRAM = sys.modules["__main__"]


@pytest.fixture(autouse=True)
def program_as_main():
    """Streamlit's `AppTest` leaves the tried page as `__main__`, and a spawned child would begin by running it."""
    yield
    sys.modules["__main__"] = _PROGRAM
