"""What a benchmark says: our figure, the peer or floor measured in the same run, and the target it is held against."""

from dataclasses import dataclass


class Lacking(Exception):
    """What a benchmark needs and this machine has not: the text says what, and how to get it."""


@dataclass(frozen=True)
class Measured:
    """One line of the table. `limit` is on the ratio to the peer where there is one, else on `ours` itself.

    `goal` is the number of the goal it belongs to ("G1" …), `unit` that of `ours` and `peer` (s, ms, MB, s CPU).
    `at_least` turns the comparison round: the peer must be at least `limit` times as large as ours.
    """

    goal: str
    what: str
    ours: float
    unit: str
    limit: float | None = None
    peer: float | None = None
    peer_name: str = ""
    at_least: bool = False

    @property
    def ratio(self) -> float | None:
        """Ours by the peer's, or the peer's by ours where the peer should be the slower one."""
        if not self.peer or not self.ours:
            return None
        return self.peer / self.ours if self.at_least else self.ours / self.peer

    @property
    def met(self) -> bool | None:
        """Whether the target holds; None where there is none."""
        if self.limit is None:
            return None
        held = self.ours if self.ratio is None else self.ratio
        return held >= self.limit if self.at_least else held <= self.limit
