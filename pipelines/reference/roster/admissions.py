"""Units that the city admits between two editions of the roster (semantics §1, Admission). Decisions of the archive, not reference data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from pipelines import months
from pipelines.errors import Refusal
from pipelines.reference.roster import kinds
from pipelines.reference.roster.roster_file import Edition, Row
from pipelines.reference.roster.unit_identity import Succession
from pipelines.reference.roster.unit_names import stem


@dataclass(frozen=True)
class Admission:
    """One admitted unit. `town_code` has nine digits and is the town's in the first month."""

    code: str
    name: str
    town_code: str
    kind: str
    since: date

    @classmethod
    def of(cls, body: Mapping[str, str]) -> "Admission":
        """From the body of an `admit` event: code, name, town (its code), kind, from."""
        return cls(body["code"], body["name"], body["town"], body["kind"], months.parse(body["from"]))

    @property
    def body(self) -> dict[str, str]:
        """The body of an `admit` event, as `of` reads it."""
        return {
            "code": self.code,
            "name": self.name,
            "town": self.town_code,
            "kind": self.kind,
            "from": months.key(self.since),
        }

    def is_listed_as(self, row: Row, town_code: str) -> bool:
        """Whether a line of an edition is this unit: the same name and kind in its town or that town's successor."""
        return (
            row.town_code == town_code
            and kinds.is_village(row.code) == kinds.is_village(self.code)
            and kinds.is_unit(row.code)
            and stem(row.name) == stem(self.name)
        )


class Admitted(NamedTuple):
    """An admitted unit in one month: its line, as an edition would print it, and its identity."""

    row: Row
    uid: str
    admission: Admission

    @property
    def kind(self) -> str:
        return self.admission.kind


class Admissions:
    """The admitted units of each month."""

    def __init__(
        self,
        admissions: tuple[Admission, ...],
        editions: list[Edition],
        rows: Callable[[int], list[Row]],
        succession: Succession,
    ):
        self.all = admissions
        self._editions, self._rows, self._succession = editions, rows, succession
        self._listings: dict[str, tuple[int, str] | None] = {}

    def of(self, month: date, year: int) -> list[Admitted]:
        """The admitted units of a month whose edition is that of `year`, without those that an edition lists by then."""
        begun = [admission for admission in self.all if admission.since <= month]
        return [unit for admission in begun if (unit := self._admitted(admission, year))]

    def counties(self, admission: Admission) -> set[str]:
        """Codes of the counties to which a unit's town belongs from its first month on."""
        begin = self._begin(admission)
        counties = set()
        for edition in self._editions[self._editions.index(begin) :]:
            town = self._succession.town(admission.town_code, begin.year, edition.year)
            counties |= {row.county_code for row in self._rows(edition.year) if row.town_code == town}
        return counties

    def _admitted(self, admission: Admission, year: int) -> Admitted | None:
        """None once an edition lists the unit, and where its town was dissolved without a successor."""
        listing, begin = self._listing(admission), self._begin(admission).year
        town = self._succession.town(admission.town_code, begin, year)
        line = next((row for row in self._rows(year) if row.town_code == town), None)
        if line is None or (listing and listing[0] <= year):
            return None
        uid = self._succession.uids(listing[0])[listing[1]] if listing else f"{admission.code}@{begin}"
        return Admitted(Row(f"{town}{admission.code[9:]}", admission.name, *line[2:]), uid, admission)

    def _begin(self, admission: Admission) -> Edition:
        return [edition for edition in self._editions if edition.cut_off <= months.last_day(admission.since)][-1]

    def _listing(self, admission: Admission) -> tuple[int, str] | None:
        """The first edition that lists the unit, and its code there."""
        if admission.code not in self._listings:
            begin = self._begin(admission)
            following = self._editions[self._editions.index(begin) :]
            lines = (self._line(admission, begin.year, edition.year) for edition in following)
            self._listings[admission.code] = next(filter(None, lines), None)
        return self._listings[admission.code]

    def _line(self, admission: Admission, begin: int, year: int) -> tuple[int, str] | None:
        town = self._succession.town(admission.town_code, begin, year)
        lines = (row for row in self._rows(year) if town and admission.is_listed_as(row, town))
        return next(((year, row.code) for row in lines), None)


def free_code(town_code: str, kind: str, taken: frozenset[str]) -> str:
    """Code of an admitted unit: the town's nine digits and the highest free number of its kind, which editions use last."""
    numbers = range(399, 199, -1) if kind == kinds.RURAL else range(199, 0, -1)
    for number in numbers:
        if (code := f"{town_code}{number:03}") not in taken:
            return code
    raise Refusal(f"{town_code} 的代码已用完；请核对名册")
