"""What the command line prints: Chinese for people, JSON for programs."""

import json
import sys
from contextlib import contextmanager

import click


def print_json(data) -> None:
    click.echo(json.dumps(data, ensure_ascii=False, default=str))


@contextmanager
def progress(what: str):
    """A callback (done, of, item) that draws a bar on a terminal and stays quiet elsewhere; nothing for quick work."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, of, item: bar.update(task, completed=done, total=of, description=item)


_STATES = {
    "checked": "已检查",
    "effective": "已接收",
    "known": "此前已收到相同文件,未重复计入",
    "waiting": "该月已审核,报表待重开后生效(shequ reopen)",
    "received": "已存档,等当前任务结束后读取",
    "superseded": "已被更新的报表取代",
    "refused": "未采用",
}
_SEVERITIES = {"error": "错误", "warning": "疑问", "note": "提示"}


def reports(found: list, as_json: bool) -> None:
    """One line of JSON a file, or its state and findings; exits with 1 when anything is to be mended."""
    for item in found:
        click.echo(json.dumps(item.public(), ensure_ascii=False)) if as_json else _report(item)
    if any(item.refused or item.errors for item in found):
        sys.exit(1)


def _report(report) -> None:
    rows = report.rows
    whose = f"{report.county} {report.month}:" if report.county and report.month else ""
    counts = f"读到 {rows['read']} 行,计入 {rows['accepted']} 行,暂不计入 {rows['held']} 行"
    state = "不能采用" if report.refused else _STATES[report.state]
    click.echo(f"{report.file}:{state}。{whose}{counts}")
    for finding in report.findings:
        number = f"[{finding['id']}] " if finding.get("id") else ""
        click.echo(f"  {_SEVERITIES[finding['severity']]} {number}{finding['message']}")


def figures(rows: list[dict]) -> None:
    from pipelines.indicators.progress import STATUSES

    for row in rows:
        value = "—" if row["value"] is None else f"{float(row['value']):.6g}"
        gap = f",还差 {row['gap']}" if row["gap"] else ""
        click.echo(
            f"{row['month']} {row['name'] or row['unit']} {row['indicator']} {value} "
            f"({row['numerator']}/{row['denominator']},未知 {row['unknown']}) {STATUSES[row['status']]}{gap}"
        )


_COUNTS = {"yes": "计入", "no": "未达到", "unknown": "不详", "scope_unknown": "是否适用不详"}


def story(story: dict) -> None:
    """Clause, arithmetic, units and cells of one figure."""
    figure = story["figure"]
    click.echo(f"{story['indicator']}  条款 {story['clause']}:{story['quote']}")
    click.echo(f"{story['arithmetic']}")
    click.echo(f"= {figure['value']}  ({figure['numerator']}/{figure['denominator']},未知 {figure['unknown']})")
    for unit in story["units"]:
        held = "(已填报,该行因错误暂不计入,见回执)" if unit.get("held") else ""
        click.echo(f"  {unit['unit']} {unit['name']} {_COUNTS[unit['counts']]}{held}")
        for name, answer in unit["answer"].items():
            place = f"{answer['file']} {answer['sheet']}!{answer['cell']}" if answer["cell"] else "未填报"
            carried = f"(沿用 {answer['carried_from']})" if answer["carried_from"] else ""
            click.echo(f"      {name} = {answer['value']} [{answer['raw']}] {place}{carried}")


_MONTH_STATES = {"open": "未审核", "approved": "已审核(锁定)", "reopened": "已重开"}


def status(state: dict) -> None:
    if not state["month"]:
        click.echo("还没有收到任何报表")
        return
    counties = state["counties"]
    reported = [c for c in counties if c["state"] == "effective"]
    click.echo(
        f"{state['month']} {_MONTH_STATES[state['state']]}:{len(counties)} 个县(市、区)中 {len(reported)} 个已报"
    )
    for county in counties:
        counted = (
            f"计入 {county['accepted']}/{county['units']} 个单位,错误 {county['errors']},疑问 {county['warnings']}"
        )
        click.echo(
            f"  {county['code']} {county['name']} {'已报,' + counted if county['state'] == 'effective' else '未报'}"
        )
    if state["waiting"]:
        click.echo(f"  另有 {len(state['waiting'])} 份报表已收到,该月重开后才生效(shequ reopen)")
    for problem in state["inbox"]:
        click.echo(f"  收件箱中尚未接收:{problem}")


def decided(event, as_json: bool, said: str) -> None:
    print_json({"seq": event.seq, "at": event.at, "kind": event.kind, **event.body}) if as_json else click.echo(
        said
    )


_STANDINGS = {"reported": "已报", "missing": "未报", "late": "逾期未报"}


def standing(state: dict) -> None:
    """Who has reported a month, who has not, who is late."""
    click.echo(f"{state['month']} 应于 {state['due']} 前报送")
    for word, label in _STANDINGS.items():
        names = [county["name"] for county in state["counties"] if county["state"] == word]
        if names:
            click.echo(f"  {label} {len(names)} 个:{'、'.join(names)}")
    if state["waiting"]:
        click.echo(f"  另有 {state['waiting']} 份在该月审核后收到,重开后生效")
