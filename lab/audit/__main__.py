"""Recompute published figures and verdicts from the workbooks, and list every difference.

    python -m lab.audit DATA [--months A..B] [--shequ COMMAND]
    python -m lab.audit --workbooks DIR --figures FILE [FILE…]

Exit status: 0 everything agrees and was read, 1 something differs or was not read, 2 wrong use.
"""

import argparse
import json
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from lab.audit import archive, dates, declared, rows, workbook
from lab.audit.city import City
from lab.audit.compare import KEYS, Comparison
from lab.audit.declared import Form, Register
from lab.audit.results import Judge
from lab.audit.roster import Roster
from lab.audit.standing import Answered

REPOSITORY = Path(__file__).parents[2]
SHEQU = str(Path(sys.executable).with_name("shequ"))


def main(arguments: list[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    if bool(given.data) == bool(given.workbooks) or (given.workbooks and not given.figures):
        _parser().error("either DATA, or --workbooks with --figures")
    form = declared.form(given.form or given.reference / "form.yaml")
    roster = Roster(given.reference)
    kept = archive.Archive(given.data / "archive") if given.data else None
    answered, troubles = read_all(
        kept, archive.workbooks(given.workbooks) if given.workbooks else kept.sent(), form, roster
    )
    comparison = Comparison(given.keys.split(",") if given.keys else KEYS)
    for register in registers(given, form):
        compare(City(roster, register, answered, form), given, comparison)
    return report(comparison, troubles, given.most)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m lab.audit", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", nargs="?", type=Path, help="a data folder, with its archive")
    parser.add_argument("--workbooks", type=Path, help="a folder of workbooks, in the order of their paths")
    parser.add_argument("--figures", type=Path, nargs="+", help="files of `shequ figures --json`")
    parser.add_argument("--months", help="A..B, or one month (default: all)")
    parser.add_argument("--reference", type=Path, default=REPOSITORY / "data" / "reference")
    parser.add_argument("--form", type=Path, help="another form than the reference folder's")
    parser.add_argument("--register", type=Path, help="another register than the reference folder's policies")
    parser.add_argument("--keys", help="compare these keys only, joined by commas")
    parser.add_argument("--communities", action="store_true", help="compare every single community too")
    parser.add_argument("--most", type=int, default=200, help="differences to print (all are counted)")
    parser.add_argument(
        "--shequ", default=SHEQU, help="the command whose figures are checked (default: beside this Python)"
    )
    return parser


def registers(given: argparse.Namespace, form: Form) -> list[Register]:
    if given.register:
        return [declared.register(given.register, form)]
    return declared.registers(given.reference, form)


# -- what came in


def read_all(
    kept: archive.Archive | None, sent: list[archive.Sent], form: Form, roster: Roster
) -> tuple[Answered, list[str]]:
    """All answers that count, and what was not read or not followed."""
    answered, troubles = Answered(roster, form), kept.not_followed() if kept else []
    for submission in sent:
        try:
            report = _judge(submission, form, roster)
        except workbook.NotRead as why:
            troubles.append(f"not read: {submission.name}: {why}")
            continue
        if kept and kept.waits(submission.seq, report.month):
            continue
        troubles += [f"{submission.name}: {remark}" for remark in report.remarks]
        answered.take(report)
    return answered, troubles


def _judge(sent: archive.Sent, form: Form, roster: Roster) -> rows.Report:
    book = workbook.read(sent.path, form, sent.name)
    county = roster.county_names(book.month).get(book.county_name)
    if county is None:
        raise workbook.NotRead(f"no county {book.county_name} in {dates.text(book.month)}")
    units = rows.CountyUnits(roster.units(book.month), county)
    return rows.judge(book, county, units, roster.counties(book.month)[county], form)


# -- figures


def compare(city: City, given: argparse.Namespace, comparison: Comparison) -> None:
    """Every month of one policy against what is published of it."""
    saved = list(_saved(given.figures)) if given.figures else None
    known = {indicator.id for indicator in city.register.indicators}
    for month in _months(city, given.months):
        judge = Judge(city, month)
        if saved is None:
            comparison.month(judge.results(), _published(given, city.register.policy, month))
            if given.communities:
                comparison.month(judge.communities(), _published(given, city.register.policy, month, "community"))
        elif published := [
            figure for figure in saved if figure["month"] == dates.text(month) and figure["indicator"] in known
        ]:
            comparison.month(judge.results(), [figure for figure in published if figure["level"] != "community"])
        print(f"{dates.text(month)}: {len(comparison.differences)} differences so far", file=sys.stderr)


def _months(city: City, asked: str | None) -> list[int]:
    there = [month for month in city.answered.months if month >= city.register.since]
    first, _, last = (asked or "").partition("..")
    wanted = range(dates.month(first), dates.month(last or first) + 1) if first else there
    return [month for month in there if month in wanted]


def _saved(files: list[Path]) -> Iterator[dict]:
    for file in files:
        yield from json.loads(file.read_text(encoding="utf-8"))


def _published(given: argparse.Namespace, policy: str, month: int, level: str | None = None) -> list[dict]:
    command = [*shlex.split(given.shequ), "--data", str(given.data), "figures", "--json"]
    asked = ["--month", dates.text(month), "--policy", policy, *(["--level", level] if level else [])]
    done = subprocess.run([*command, *asked], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{shlex.join([*command, *asked])}: {done.stderr or done.stdout}")
    return json.loads(done.stdout)


# -- what came out


def report(comparison: Comparison, troubles: list[str], most: int) -> int:
    for trouble in troubles:
        print(trouble)
    for difference in comparison.differences[:most]:
        print(difference)
    by_key = Counter(difference.key for difference in comparison.differences)
    print(f"figures compared: {comparison.figures}; differences: {len(comparison.differences)}")
    for key, count in comparison.counts.items():
        print(f"  {key}: {count} compared, {by_key[key]} differ")
    if by_key["figure"]:
        print(f"  on one side only: {by_key['figure']}")
    return 1 if comparison.differences or troubles or not comparison.figures else 0


if __name__ == "__main__":
    sys.exit(main())
