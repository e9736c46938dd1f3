"""Dated attributes of counties, and the reviewed exceptions to a unit's kind. Both are spans of months."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field

from pipelines import months
from pipelines.errors import Refusal
from pipelines.reference.in_force import Month
from pipelines.reference.strict_yaml import Entry, Plain, build, load_yaml


class Span(Entry):
    """Months from..until, both included and both optional."""

    first: str | None = Field(None, alias="from")
    last: str | None = Field(None, alias="until")

    def holds(self, month: date) -> bool:
        """Whether the month is within the span."""
        key = months.key(month)
        return (self.first or key) <= key <= (self.last or key)

    def check(self, where: str) -> None:
        """Refuses a bound that is no month, and a span that ends before it begins."""
        try:
            bounds = [months.parse(text) for text in (self.first, self.last) if text]
        except Refusal as error:
            raise Refusal(f"{where}：{error}") from None
        if bounds != sorted(bounds):
            raise Refusal(f"{where}：起始月份 {self.first} 晚于结束月份 {self.last}")


Dated = Literal["always", "never"] | list[Span]


def _holds(dated: Dated, month: date) -> bool:
    if isinstance(dated, str):
        return dated == "always"
    return any(span.holds(month) for span in dated)


class City(Entry):
    """The city that the roster covers."""

    code: str = Field(pattern=r"^\d{6}$")
    name: str


class Continues(Entry):
    """The county's earlier code, where it went on whole under another; `from` is the first month of the new one."""

    code: str = Field(pattern=r"^\d{6}$")
    first: Month = Field(alias="from")


class CountyEntry(Entry):
    """What is declared of one county code."""

    code: str = Field(pattern=r"^\d{6}$")
    type: Literal["市辖区", "县", "县级市", "开发区"]
    municipal_district: Dated
    shared_funding: Dated
    short: str | None = None
    continues: Continues | None = None

    def is_municipal(self, month: date) -> bool:
        return _holds(self.municipal_district, month)

    def shares_funding(self, month: date) -> bool:
        return _holds(self.shared_funding, month)


class _CountyFile(Entry):
    city: City
    counties: list[Plain]


@dataclass(frozen=True)
class County:
    """One county (县、市、区、开发区) in one month. `name` is the roster's, `short` how people call it."""

    code: str
    name: str
    short: str
    type: str
    municipal_district: bool
    shared_funding: bool
    has_villages: bool
    city_code: str
    city: str

    @classmethod
    def of(cls, entry: CountyEntry, name: str, month: date, rural: bool, city: City) -> "County":
        """As it is in a month. `rural`: it has villages in the roster."""
        return cls(
            code=entry.code,
            name=name,
            short=entry.short or name,
            type=entry.type,
            municipal_district=entry.is_municipal(month),
            shared_funding=entry.shares_funding(month),
            has_villages=rural,
            city_code=city.code,
            city=city.name,
        )


def load_counties(path: Path) -> tuple[City, dict[str, CountyEntry]]:
    """The city and its county entries by code. Duplicate codes and impossible spans are refused."""
    declared = build(_CountyFile, load_yaml(path), path.name)
    entries: dict[str, CountyEntry] = {}
    for number, plain in enumerate(declared.counties, 1):
        entry = build(CountyEntry, plain, f"{path.name}：第{number}条")
        if entry.code in entries:
            raise Refusal(f"{path.name}：县（市、区） {entry.code} 出现两次；请合并为一条")
        for dated in (entry.municipal_district, entry.shared_funding):
            for span in dated if isinstance(dated, list) else []:
                span.check(f"{path.name}：{entry.code}")
        entries[entry.code] = entry
    _check_succession(path.name, entries)
    return declared.city, entries


def _check_succession(name: str, entries: dict[str, CountyEntry]) -> None:
    """Refuses a county that continues an undeclared one, and two that continue the same one."""
    heirs: dict[str, str] = {}
    for entry in entries.values():
        if entry.continues is None:
            continue
        before = entry.continues.code
        if before not in entries or before == entry.code:
            raise Refusal(f"{name}：{entry.code} 的 continues 写的是 {before}，没有登记这个县（市、区）；请核对代码")
        if other := heirs.get(before):
            raise Refusal(
                f"{name}：{other} 和 {entry.code} 都写着延续 {before}；整体延续只能有一个，拆分的不写 continues"
            )
        heirs[before] = entry.code


def chain(code: str, entries: dict[str, CountyEntry]) -> list[tuple[str, date | None]]:
    """The codes that a county has had, oldest first, each with its first month (None: from the beginning)."""
    begins = [code]
    while (entry := entries.get(begins[0])) and entry.continues:
        begins.insert(0, entry.continues.code)
    heirs = {entry.continues.code: entry.code for entry in entries.values() if entry.continues}
    while begins[-1] in heirs:
        begins.append(heirs[begins[-1]])
    since = (entries[other].continues if other in entries else None for other in begins)
    return [(other, continues.first if continues else None) for other, continues in zip(begins, since, strict=True)]
