"""How much is tried: a selection in CI, all of it with `SHEQU_ROUNDS=N` (N random kills besides), as `make faults` does."""

import os

ROUNDS = int(os.environ.get("SHEQU_ROUNDS", "2"))
THOROUGH = ROUNDS > 10


def selection(few: list, rest: list) -> list:
    """`few` in CI, and the rest where one has time."""
    return [*few, *rest] if THOROUGH else few
