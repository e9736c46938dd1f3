"""One edition of the roster (`rosters/editions.yaml`): the Bureau's CSV, one row per 12-digit code, look-alikes included."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
from pyarrow import ArrowInvalid, ChunkedArray, Table, py_buffer, string

from pipelines.errors import Refusal
from pipelines.reference.roster.arrow import BLOCK
from pipelines.reference.strict_yaml import Entry, Plain, build, load_yaml


class Row(NamedTuple):
    """One line of an edition; every value is text as printed."""

    code: str
    name: str
    town_code: str
    town: str
    county_code: str
    county: str


@dataclass(frozen=True)
class Edition:
    """One yearly edition: in force from the month of its cut-off day until the next one's."""

    year: int
    cut_off: date
    path: Path
    sha256: str | None
    source: str


class _EditionEntry(Entry):
    year: int
    cut_off: str
    file: str
    sha256: str | None = None


class _EditionFile(Entry):
    source: str
    editions: list[Plain]


def load_editions(folder: Path) -> list[Edition]:
    """The editions that `editions.yaml` in the folder declares, oldest first. No roster is opened."""
    where = "editions.yaml"
    declared = build(_EditionFile, load_yaml(folder / where), where)
    editions = [
        _edition(folder, declared.source, item, f"{where}：第{n}条") for n, item in enumerate(declared.editions, 1)
    ]
    if not editions:
        raise Refusal(f"{where}：没有任何名册版本")
    for earlier, later in pairwise(editions):
        if earlier.year >= later.year or earlier.cut_off >= later.cut_off:
            raise Refusal(f"{where}：{later.year} 年版应排在 {earlier.year} 年版之后，年份和截止日都必须更晚")
    return editions


def _edition(folder: Path, source: str, item: Plain, where: str) -> Edition:
    entry = build(_EditionEntry, item, where)
    try:
        cut_off = date.fromisoformat(entry.cut_off)
    except ValueError:
        raise Refusal(f"{where}：截止日“{entry.cut_off}”不是日期；请写成 2019-10-31 这样的形式") from None
    if not (folder / entry.file).is_file():
        raise Refusal(f"{where}：找不到名册文件 {entry.file}")
    return Edition(entry.year, cut_off, folder / entry.file, entry.sha256, source)


def read_table(edition: Edition) -> Table:
    """The lines of an edition in code order, columns as in `Row`. A file that is not what its entry says is refused, with the line."""
    name = edition.path.name
    lines = _lines(name, _bytes(edition)).sort_by("code").combine_chunks()
    _check(name, lines)
    return lines


def read_counties(edition: Edition) -> Table:
    """Code, county code and county of each line, neither ordered nor checked, which costs a quarter."""
    return _lines(edition.path.name, _bytes(edition)).select(["code", "county_code", "county"])


def _bytes(edition: Edition) -> bytes:
    data = edition.path.read_bytes()
    if edition.sha256 and hashlib.sha256(data).hexdigest() != edition.sha256:
        raise Refusal(
            f"{edition.path.name}：文件内容与 editions.yaml 登记的 sha256 不符；如确需更换名册，请同时更新登记"
        )
    return data


def rows_of(lines: Table) -> list[Row]:
    """The lines as tuples."""
    return list(map(Row._make, zip(*(column.to_pylist() for column in lines.columns), strict=True)))


def _lines(name: str, data: bytes) -> Table:
    table = _parse(name, data)
    missing = {"code", "name", "town_code", "county_code"} - set(table.column_names)
    if missing:
        raise Refusal(f"{name}：缺少列 {'、'.join(sorted(missing))}")
    # A roster without names of towns and counties (the country's) is read too: the code is then used as name.
    stand_in = {"town": "town_code", "county": "county_code"}
    present = set(table.column_names)
    columns = [table[field if field in present else stand_in[field]] for field in Row._fields]
    return Table.from_arrays(columns, names=list(Row._fields))


def _parse(name: str, data: bytes) -> Table:
    reading = arrow_csv.ReadOptions(use_threads=len(data) > BLOCK)
    options = arrow_csv.ConvertOptions(column_types=dict.fromkeys(Row._fields, string()), strings_can_be_null=False)
    try:
        return arrow_csv.read_csv(py_buffer(data), reading, convert_options=options)
    except ArrowInvalid as error:
        raise Refusal(f"{name}：不是正确的 CSV：{error}") from error


def _check(name: str, lines: Table) -> None:
    codes = lines["code"]
    for code in codes[1:].filter(pc.equal(codes[1:], codes[:-1]))[:1].to_pylist() if len(codes) > 1 else ():
        raise Refusal(f"{name}：代码 {code} 出现两次")
    for row in rows_of(lines.filter(pc.invert(_well_formed(lines))).slice(0, 1)):
        raise Refusal(
            f"{name}：“{row.code}，{row.name}”的代码不是12位数字，或与其乡镇、县（市、区）代码不符，或没有名称"
        )
    _check_names(name, lines.select(["town_code", "town"]))
    _check_names(name, lines.select(["county_code", "county"]))


def _well_formed(lines: Table) -> ChunkedArray:
    code = lines["code"]
    good = pc.match_substring_regex(code, "^[0-9]{12}$")
    for test in (
        pc.equal(pc.utf8_slice_codeunits(code, 0, 9), lines["town_code"]),
        pc.equal(pc.utf8_slice_codeunits(code, 0, 6), lines["county_code"]),
        pc.match_substring_regex(lines["name"], "."),
    ):
        good = pc.and_(good, test)
    return good


def _check_names(name: str, named: Table) -> None:
    """One name a code: that of the first line which has it."""
    codes, places = (column.combine_chunks() for column in named.columns)
    given = places.take(pc.index_in(codes, value_set=codes))
    for code, other, first in zip(
        *(a.filter(pc.not_equal(places, given))[:1].to_pylist() for a in (codes, places, given)), strict=True
    ):
        raise Refusal(f"{name}：{code} 有两个名称：{'、'.join(sorted((other, first)))}")


def contents(folder: Path, paths: Iterable[Path]) -> str:
    """One line a file: its name below `folder` and the SHA-256 of its bytes."""
    hashes = ((path, hashlib.sha256(path.read_bytes()).hexdigest()) for path in paths)
    return "".join(f"{path.relative_to(folder).as_posix()} {digest}\n" for path, digest in hashes)
