"""Output of the command line: Chinese for people, JSON for programs."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click
from rich.cells import cell_len

from pipelines import months
from pipelines.archive.month_state import WITHDRAWABLE
from pipelines.errors import Refusal
from pipelines.intake import file_names, month_wording
from pipelines.punctuation import full_width

if TYPE_CHECKING:
    from pipelines.archive.store import Event
    from pipelines.edition.figure_types import ExplainedFigure, Figure
    from pipelines.intake.month_now import MonthNow
    from pipelines.intake.month_report import MonthStatus
    from pipelines.intake.outcome import Report
    from pipelines.notify.reporting_state import Reminders
    from pipelines.settings import Settings


def say(*lines: str, err: bool = False) -> None:
    """Print lines; control characters and line breaks in names from workbooks and files are escaped."""
    click.echo("\n".join(map(file_names.shown, lines)), err=err)


def print_json(data) -> None:
    """One line of JSON on standard output."""
    click.echo(as_json_line(data))


def as_json_line(data) -> str:
    """JSON on one line; unprintable characters are escaped, because a terminal may interpret them."""
    text = json.dumps(data, ensure_ascii=False, default=str)
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else json.dumps(letter)[1:-1] for letter in text)


@contextmanager
def progress(title: str):
    """A callback (done, of, item) that draws a bar on a terminal and nothing elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, of, item: bar.update(task, completed=done, total=of, description=file_names.shown(item))


def reports(outcomes: Sequence["Report"], as_json: bool, settings: "Settings") -> None:
    """One line of JSON a file, or its state and findings; exits with 1 where a file is refused or has an error."""
    for outcome in outcomes:
        print_json(outcome.public()) if as_json else _report(outcome, settings)
    if any(outcome.refused or outcome.errors for outcome in outcomes):
        sys.exit(1)


def _report(report: "Report", settings: "Settings") -> None:
    from pipelines.intake.outcome import SEVERITY_NAMES

    rows = report.rows
    whose = f"{report.county} {report.month}：" if report.county and report.month else ""
    counts = f"读到 {rows['read']} 行，"
    counts += "整份不计入" if report.refused else f"计入 {rows['accepted']} 行，暂不计入 {rows['held']} 行"
    if not report.refused:
        counts += f"；新报 {rows['new']}、改动 {rows['changed']}、未变 {rows['unchanged']}"
        counts += f"，另有 {rows['kept']} 行沿用此前所报"
    other = f"。{report.other_month}" if report.other_month else ""
    say(f"{report.file}：{report.state_in_words}{_instead(report)}。{report.spot or f'{whose}{counts}{other}'}")
    # the gravest first, as on the page and in the receipt
    order, names = list(SEVERITY_NAMES), _units(report, settings)
    for finding in sorted(report.findings, key=lambda finding: order.index(finding["severity"])):
        number = f"[{finding['id']}] " if finding.get("id") else ""
        unit = f"{names[finding['unit']]}：" if finding["unit"] in names else ""
        say(f"  {SEVERITY_NAMES[finding['severity']]} {number}{unit}{finding['message']}")


def _units(report: "Report", settings: "Settings") -> dict[str | None, str]:
    """Code → town and name of the units that a report's findings are about."""
    about = {finding["unit"] for finding in report.findings if finding["unit"]}
    if not about or not report.month:
        return {}
    from pipelines.intake import month_now

    known = month_now.units(settings, months.parse(report.month), report.county)
    return {code: name for code, name in known.items() if code in about}


def table(rows: Sequence[Sequence[object]], right: tuple[int, ...] = ()) -> None:
    """Rows in aligned columns, a Chinese character two cells wide; the columns `right` are right-aligned."""
    texts = [["" if cell is None else str(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*texts, strict=True)]
    for row in texts:
        cells = [_padded(cell, widths[n], n in right) for n, cell in enumerate(row)]
        say("  ".join(cells).rstrip())


def _padded(text: str, width: int, right: bool) -> str:
    space = " " * (width - cell_len(text))
    return space + text if right else text + space


def figures(rows: list["Figure"], indicators: Mapping[str, Mapping[str, Any]]) -> None:
    """Figures in aligned columns; `indicators` are rows of that table by id."""
    from pipelines.figures.progress import STATUSES

    if not rows:
        say("没有这样的数字")
        return
    lines: list[tuple[object, ...]] = [
        ("月份", "地区", "指标", "代码", "现值", "完成/应有", "未填报", "目标", "状态", "还差")
    ]
    for row in rows:
        indicator = indicators[row["indicator"]]
        counted = f"{row['numerator']}/{row['denominator']}"
        gap = f"{row['gap']} {indicator['gap_unit'] or ''}".strip() if row["gap"] else ""
        place, status = row["name"] or row["unit"], STATUSES[row["status"]]
        name = (row["month"], place, indicator["name"], row["indicator"])
        lines.append(
            (*name, valued(row["value"], indicator["unit"]), counted, row["unknown"], row["target"], status, gap)
        )
    table(lines, right=(4, 5, 6, 9))


def valued(value: str | None, unit: str | None) -> str:
    """`61.49%`: a value as people read it; the exact one is in `--json`."""
    if value is None:
        return "—"
    return f"{Decimal(value):.2f}%" if unit == "%" else f"{Decimal(value):.2f} {unit or ''}".strip()


def story(story: "ExplainedFigure", indicator: Mapping[str, Any], labels: Mapping[str, str]) -> None:
    """Clause, arithmetic, units and cells of one figure; `labels` are the questions of the form."""
    from pipelines.edition.decision_rows import STATES_OF_EXPLANATIONS
    from pipelines.edition.explain_figure import COUNTS
    from pipelines.edition.statuses import UNIT_STATES

    figure = story["figure"]
    states = {counts: UNIT_STATES[state] for state, counts in COUNTS.items()}
    value = valued(figure["value"], indicator["unit"])
    say(full_width(f"{indicator['name']}（{story['indicator']}）条款 {story['clause']}：{story['quote']}"))
    say(story["arithmetic"])
    say(f"= {value}（{figure['numerator']}/{figure['denominator']}，未填报 {figure['unknown']}）")
    for unit in story["units"]:
        held = "（已填报，该行因错误暂不计入，见回执）" if unit.get("held") else ""
        say(f"  {unit['unit']} {unit['name']} {states[unit['counts']]}{held}")
        for check in unit.get("checks", ()):
            when = f"，{check['days']} 走访" if check["days"] else ""
            say(f"      抽查（{check['month']}，{check['list']} 号名单）：{check['result'] or '候补，未走访'}{when}")
        for name, answer in unit["answer"].items():
            place = f"{answer['file']} {answer['sheet']}!{answer['cell']}" if answer["cell"] else "未填报"
            carried = f"（沿用 {answer['carried_from']}）" if answer["carried_from"] else ""
            said = _ANSWERS.get(answer["value"], answer["value"])
            say(f"      {labels.get(name, name)} = {said} [{answer['raw']}] {place}{carried}")
    for row in story["explanations"]:
        state = STATES_OF_EXPLANATIONS[row["state"]]
        asked = f"；市里追问：{row['question']}" if row["question"] else ""
        say(
            f"  情况说明（{state}）{row['unit'] or row['county']}：{row['text']}（{row['by']}，{row['at'][:10]}）{asked}"
        )


_ANSWERS: dict[bool | int | str | None, str] = {True: "是", False: "否", None: "未填"}


def _instead(report: "Report") -> str:
    """The report that counts, where it is not this one."""
    counts = report.in_force
    if report.state not in ("known", "superseded") or report.refused or counts is None:
        return ""
    if counts["seq"] == report.seq:
        return f"（即第 {report.seq} 号收件，正在生效）"
    return f"（现在生效的是第 {counts['seq']} 号收件“{counts['file']}”，{counts['at'][:16].replace('T', ' ')} 收到）"


def status(state: "MonthStatus", now: "MonthNow | None") -> None:
    """Who has reported; what was refused, waits or is not received; `now`: the editions and decisions of the month."""
    if state["running"]:
        since = state["running"]["since"].replace("T", " ")
        say(f"正在运行：{state['running']['doing']}（始于 {since}）；以下是此前的状态，截至第 {state['as_of']} 号收件")
    if not state["counties"]:
        say("还没有整理出报送情况" if state["running"] else "还没有收到任何报表")
    else:
        _counties(state)
    for file in state["refused"]:
        say(f"未采用：{month_wording.refusal(file, month_wording.county_names(state))}")
    if state["waiting"]:
        say(f"另有 {len(state['waiting'])} 份报表已收到，该月重开后才生效（shequ reopen）")
    if state["unread"]:
        say(f"已存档、尚未读取 {len(state['unread'])} 份：{'、'.join(sent['file'] for sent in state['unread'][:20])}")
    for name in state["inbox"]:
        say(f"收件箱中尚未接收：{name}")
    if now and now.working:
        say(f"工作版 {now.working}，尚未发布；发布用 shequ release {state['month']}")
    for decision in now.decisions if now else ():
        kind = WITHDRAWABLE.get(decision["kind"], decision["kind"])
        withdrawn = "" if decision["in_force"] else "（已撤回）"
        say(f"第 {decision['seq']} 号决定：{kind}，{decision['by']}，{decision['at'][:10]}{withdrawn}")


def _counties(state: "MonthStatus") -> None:
    counties = state["counties"]
    reported = [c for c in counties if c["state"] == "effective"]
    word = month_wording.APPROVAL[state["state"]]
    say(f"{state['month']} {word}：{len(counties)} 个县（市、区）中 {len(reported)} 个已报")
    lines: list[tuple[object, ...]] = [("代码", "县（市、区）", "状态", "应报", "读到", "计入", "错误", "需核实")]
    for county in counties:
        counts = (county["read"], county["accepted"], county["errors"], county["warnings"])
        rest = ("已报", county["units"], *counts) if county["seq"] else ("未报", county["units"], "", "", "", "")
        lines.append((county["code"], county["name"], *rest))
    table(lines, right=(3, 4, 5, 6, 7))


def gate(now: "MonthNow", edition: str) -> str:
    """Whether everybody sees an edition, and why."""
    if edition in now.editions.retracted:
        event = now.editions.retracted[edition]
        return (
            f"{edition} 已于 {event.at[:10]} 由{event.by}收回：{event.body['why']}（恢复用 shequ withdraw {event.seq}）"
        )
    if edition in now.editions.released:
        how = month_wording.OPENED.get(now.editions.released[edition].body.get("how", ""), "")
        return f"已发布{f'（{how}）' if how else ''}"
    moment = f"{now.publication:%Y-%m-%d %H:%M}"
    return f"工作版，尚未发布：审定、各县报齐或到 {moment} 即发布，或用 shequ release {months.key(now.month)}"


def decided(event: "Event", as_json: bool, said: str) -> None:
    """The event of a decision as JSON, or `said` for people."""
    print_json(_event(event)) if as_json else say(said)


def decided_each(ids: Sequence[str], decide: Callable[[str], "Event"], as_json: bool, said: str) -> None:
    """One decision about several findings or matters; `said` has a place for the id. Errors: `Refusal` naming the refused."""
    from pipelines.intake.answer_matters import of_each

    done = of_each(dict.fromkeys(ids), decide)
    if as_json and done.events:
        print_json([_event(event) for event in done.events] if len(ids) > 1 else _event(done.events[0]))
    elif done.events:
        say(*(said.format(event.body.get("finding") or event.body["matter"]) for event in done.events))
    if done.refused:
        several = len(ids) > 1
        raise Refusal("；".join(f"{key}：{why}" if several else why for key, why in done.refused.items()))


def _event(event: "Event") -> dict[str, Any]:
    return {"seq": event.seq, "at": event.at, "kind": event.kind, **event.body}


_STANDINGS = {"reported": "已报", "missing": "未报", "late": "逾期未报", "excused": "本月免报"}


def standing(state: "Reminders") -> None:
    """Who has reported a month, who has not, who is late."""
    say(f"{state['month']} 应于 {state['due']} 前报送")
    for county in state["counties"]:
        if county["due"] not in (None, state["due"]):
            say(f"  {county['name']}延至 {county['due']}")
    if state["caveat"]:
        say(f"  注意：{state['caveat']}")
    for word, label in _STANDINGS.items():
        names = [county["name"] for county in state["counties"] if county["state"] == word]
        if names:
            say(f"  {label} {len(names)} 个：{'、'.join(names)}")
    by_code = {county["code"]: county["name"] for county in state["counties"]}
    for file in state["refused"]:
        say(f"  未采用：{month_wording.refusal(file, by_code)}")
    if state["waiting"]:
        say(f"  另有 {state['waiting']} 份在该月审定后收到，重开后生效")
    if state["unread"]:
        say(f"  另有 {state['unread']} 份已存档、尚未读取，未计在内")
