"""Mutates good workbooks of every format and reads them: only a Workbook or an Unreadable may come out, soon, in 2 GB.

    python -m tests.workbook.fuzz_container --seed 1 --count 10000

File i of a seed is always the same file, so that a failure is shown again by `--only i`. Children read the files, each
with a limit of its memory; a child that hangs or dies is a failure and is replaced.
"""

import argparse
import random
import re
import resource
import shutil
import struct
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as clock
from multiprocessing import get_context
from pathlib import Path

from pipelines.workbook.open_workbook import Unreadable, Workbook, open_workbook
from tests.workbook.container_files import converted, packed, parts, record, shared, xlsb, xlsb_cell, xlsb_row
from tests.workbook.test_container import rich

MEMORY, SECONDS = 2 << 30, 20.0
PLAIN = (type(None), str, int, float, bool, datetime, date, clock, timedelta)
NASTY = [
    b"", b"-1", b"0", b"1", b"99999999999", b"1048576", b"XFD1048576", b"A1:XFD1048576", b"AAAAAAA1", b"A0",
    b"A1", b"NaN",
    b"1E400", b"-1E-400", b"inf", b"s", b"str", b"inlineStr", b"e", b"b", b"d", b"true", b"veryHidden",
    b"../../x", b"/", b"%",
    b"[h]:mm:ss", b'yyyy"', b"&#0;", b"&#xD800;", b"&lt;", b"&x;", b"]]>", b"<!--", b"<![CDATA[", b"\xff\xfe", b"\x00",
    "村".encode(), b"x" * 40_000, b"9" * 400, b"2019-13-45", b"PT99999999999H", b"P1D",
]  # fmt: skip


def corpus() -> dict[str, bytes]:
    """Good files to start from; those of LibreOffice only where it is installed."""
    rows = [["代码", "名称", "数", "率"], *([f"1305020010{i:02}", f"村{i}", i * 1.5, i / 60] for i in range(60))]
    text = "\n".join(",".join(map(str, row)) for row in rows)
    files = {
        "a.xlsx": rich(),
        "b.xlsx": shared(*rows),
        "c.xlsb": _xlsb(),
        "d.csv": text.encode(),
        "e.csv": text.encode("gb18030"),
    }
    prefixed = parts(files["b.xlsx"])
    sheet = prefixed["xl/worksheets/sheet1.xml"].partition(b"?>")[2].replace(b"<", b"<x:").replace(b"<x:/", b"</x:")
    files["f.xlsx"] = packed(prefixed | {"xl/worksheets/sheet1.xml": sheet.replace(b"xmlns=", b"xmlns:x=")})
    if shutil.which("soffice"):
        for kind in ("xlsx", "xls", "ods"):
            with tempfile.TemporaryDirectory() as folder:
                files[f"office.{kind}"] = converted(files["a.xlsx"], kind, Path(folder))
    return files


def _xlsb() -> bytes:
    rows = [
        xlsb_row(i) + xlsb_cell(7, 0, b"\1\0\0\0") + xlsb_cell(5, 1, struct.pack("<d", i / 7), style=i % 3)
        + xlsb_cell(11, 2, b"\x17\0\0") + xlsb_cell(6, 3, b"\1\0\0\0a\0")
        for i in range(20)
    ]  # fmt: skip
    return xlsb(record(60, struct.pack("<4IH", 1, 1, 2000, 0, 1)), *rows, record(176, struct.pack("<4I", 4, 5, 0, 1)))


def mutate(data: bytes, chance: random.Random) -> bytes:
    """The file with one to four changes of one sort: of its bytes, of its parts, or of the XML inside a part."""
    package = data.startswith(b"PK")
    sort: Callable = chance.choice(
        [_bytes, _part_bytes, _part_list, _xml, _xml, _cells, _cells] if package else [_bytes]
    )
    for _ in range(chance.randint(1, 4)):
        data = sort(data, chance)
        if sort is not _bytes and not data.startswith(b"PK"):
            break
    return data


def _bytes(data: bytes, chance: random.Random) -> bytes:
    if not data:
        return data
    at, size = chance.randrange(len(data)), chance.choice([1, 1, 2, 4, 16, 300])
    change = chance.randrange(6)
    if change == 0:
        return data[:at]
    if change == 1:
        return data[:at] + data[at + size :]
    if change == 2:
        return data[:at] + chance.choice(NASTY) + data[at:]
    if change == 3:
        start = chance.randrange(len(data))
        return data[:at] + data[start : start + size * 16] + data[at:]
    if change == 4:
        return data[:at] + chance.randbytes(size) + data[at + size :]
    return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]


def _changed_part(data: bytes, chance: random.Random, names: str, change: Callable[[bytes], bytes]) -> bytes:
    content = parts(data)
    name = chance.choice([name for name in sorted(content) if re.search(names, name)] or sorted(content))
    return packed(content | {name: change(content[name])})


def _part_bytes(data: bytes, chance: random.Random) -> bytes:
    return _changed_part(data, chance, "", lambda part: _bytes(part, chance))


def _part_list(data: bytes, chance: random.Random) -> bytes:
    """A part lost, renamed, or in the place of another."""
    content = parts(data)
    one, other = chance.choice(sorted(content)), chance.choice(sorted(content))
    change = chance.randrange(3)
    if change == 0 and len(content) > 1:
        del content[one]
    elif change == 1:
        content[chance.choice(["../x", "x", one.upper() + "x", "a\\b"])] = content.pop(one)
    else:
        content[one] = content[other]
    return packed(content)


def _xml(data: bytes, chance: random.Random) -> bytes:
    return _changed_part(
        data, chance, r"\.(xml|rels)$", lambda part: _piece(part, chance, rb'"[^"<>]*"|>[^<>]+<|<[^<>]+>')
    )


def _cells(data: bytes, chance: random.Random) -> bytes:
    """Attributes and values of cells, rows and formats."""
    names = rb"r|t|s|ref|min|max|hidden|numFmtId|state|[a-z]+:value-type|[a-z]+:number-[a-z]+-repeated"
    pattern = rb' (?:%s)="[^"]*"|<v>[^<]*</v>|<f>' % names
    return _changed_part(
        data, chance, r"sheet\d|styles|content|sharedStrings", lambda part: _piece(part, chance, pattern)
    )


def _piece(part: bytes, chance: random.Random, pattern: bytes) -> bytes:
    """One match of the pattern replaced inside its delimiters, dropped, or doubled."""
    matches = list(re.finditer(pattern, part))
    if not matches:
        return _bytes(part, chance)
    start, end = chance.choice(matches).span()
    old, change = part[start:end], chance.randrange(8)
    if change == 0:
        new = b""
    elif change == 1:
        new = old * chance.choice([2, 2, 3, 500])
    elif b'="' in old:
        new = old[: old.index(b'="') + 2] + chance.choice(NASTY) + b'"'
    else:
        new = old[:1] + chance.choice(NASTY) + old[-1:]
    return part[:start] + new + part[end:]


def check(workbook: Workbook) -> None:
    """What whoever reads the grid relies on."""
    for sheet in workbook.sheets:
        for row in sheet.rows:
            assert not row or row[-1] is not None, "trailing blank"
            assert all(isinstance(value, PLAIN) and value != "" for value in row), "value of another type"
        for row, col in (*sheet.errors, *sheet.unevaluated):
            assert sheet.value(row, col) is None, "an error that has a value"


def outcome(files: dict[str, bytes], seed: int, index: int) -> tuple[str, str]:
    """(file it came from, code of the refusal or `read`)."""
    chance = random.Random(f"{seed}/{index}")
    name = chance.choice(sorted(files))
    try:
        check(open_workbook(mutate(files[name], chance), name))
    except Unreadable as error:
        return name, error.code
    return name, "read"


@dataclass
class Report:
    outcomes: Counter = field(default_factory=Counter)
    failures: list[tuple[int, str]] = field(default_factory=list)
    slowest: float = 0.0
    memory: int = 0  # highest resident size of a child, in MB


def _child(pipe, files: dict[str, bytes], seed: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    while (index := pipe.recv()) is not None:
        started = time.monotonic()
        try:
            result = (*outcome(files, seed, index), "")
        except BaseException as error:  # whatever escapes is what is looked for
            result = ("", "", f"{type(error).__name__}: {str(error)[:300]}")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        pipe.send((*result, time.monotonic() - started, peak))


def _work(files: dict[str, bytes], seed: int, indexes: list[int], report: Report) -> None:
    """Feeds one child; a child that says nothing for SECONDS, or dies, is replaced."""
    context = get_context("fork")
    child = None
    for index in indexes:
        if child is None:
            pipe, other = context.Pipe()
            child = context.Process(target=_child, args=(other, files, seed), daemon=True)
            child.start()
            other.close()
        pipe.send(index)
        try:
            name, code, failure, seconds, peak = pipe.recv() if pipe.poll(SECONDS) else ("", "", "hang", SECONDS, 0)
        except EOFError:
            child.join()
            name, code, failure, seconds, peak = "", "", f"died with {child.exitcode}", 0.0, 0
        report.slowest, report.memory = max(report.slowest, seconds), max(report.memory, peak)
        if failure:
            report.failures.append((index, failure))
            child.kill()
            child = None
        else:
            report.outcomes[name.rpartition(".")[2], code] += 1
    if child:
        pipe.send(None)
        child.join()


def fuzz(seed: int, count: int, workers: int = 2, only: int | None = None) -> Report:
    files, report = corpus(), Report()
    indexes = [only] if only is not None else list(range(count))
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda i: _work(files, seed, indexes[i::workers], report), range(workers)))
    return report


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--only", type=int)
    given = parser.parse_args()
    started = time.monotonic()
    report = fuzz(given.seed, given.count, only=given.only)
    for (kind, code), count in sorted(report.outcomes.items()):
        print(f"{kind:5} {code:20} {count:6}")
    print(
        f"{sum(report.outcomes.values())} files in {time.monotonic() - started:.0f} s, slowest {report.slowest:.2f} s"
    )
    print(f"highest resident size of a child {report.memory} MB, {len(report.failures)} failures")
    for index, failure in report.failures[:40]:
        print(f"seed {given.seed} file {index}: {failure}")
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
