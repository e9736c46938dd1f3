"""A sentence of a paper with the queries over the edition's tables that make it true; `tests/reports/test_claims.py` runs them."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pipelines.edition.open_edition import Release


class Proof(NamedTuple):
    """A query over an edition and the rows that it must give."""

    sql: str
    parameters: tuple[object, ...] | dict[str, object]
    rows: Sequence[tuple[object, ...]]

    @property
    def asked(self) -> list[object] | dict[str, object]:
        return self.parameters if isinstance(self.parameters, dict) else list(self.parameters)

    def holds(self, release: Release) -> bool:
        return [tuple(row.values()) for row in release.rows(self.sql, self.asked)] == list(self.rows)


class Claim(NamedTuple):
    """A sentence, and what proves it. One without proofs says nothing of the data (a request, a legend)."""

    text: str
    proofs: tuple[Proof, ...] = ()


def text_of(claims: Iterable[Claim | None]) -> str:
    """The sentences as one paragraph, absent ones left out."""
    return "".join(claim.text for claim in claims if claim)


def figure_proof(policy: str, indicator: str, unit: str, month: object, **columns: object) -> Proof:
    """What the edition says of one figure of city or county, by the divisions of its own month."""
    names = ", ".join(columns)
    sql = f"SELECT {names} FROM figure WHERE policy = ? AND indicator = ? AND unit = ? AND month = ? AND divisions = 'now'"
    return Proof(sql, (policy, indicator, unit, month), [tuple(columns.values())])
