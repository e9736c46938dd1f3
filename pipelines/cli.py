"""The command line: `shequ`. Every command calls one plain function; what is printed is Chinese, `--json` is for programs.

Exit status: 0 done, 1 findings or refusal, 2 wrong use.
"""

import getpass
import json
import sys
from collections.abc import Callable
from contextlib import contextmanager
from functools import wraps
from pathlib import Path

import click

from pipelines import __version__, months, settings
from pipelines.errors import Refusal
from pipelines.settings import Settings


class _Month(click.ParamType):
    name = "YYYY-MM"

    def convert(self, value, param, ctx):
        try:
            return months.parse(value)
        except Refusal as refusal:
            self.fail(str(refusal), param, ctx)


MONTH = _Month()


class _Chinese(click.Group):
    """Refusals are printed without a traceback; anything else is our bug and keeps it."""

    def invoke(self, ctx):
        try:
            return super().invoke(ctx)
        except Refusal as refusal:
            click.echo(f"未完成:{refusal}", err=True)
            ctx.exit(1)


@click.group(cls=_Chinese, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="运行数据所在文件夹(默认 data/,或环境变量 SHEQU_DATA)",
)
@click.version_option(__version__, prog_name="shequ")
@click.pass_context
def main(ctx: click.Context, data: Path | None) -> None:
    """社区:城乡社区治理政策落实进展。"""
    ctx.obj = settings.load(data)


def with_settings(command: Callable) -> Callable:
    """Hand the command its `Settings` as first argument."""

    @click.pass_obj
    @wraps(command)
    def wrapped(found: Settings, *args, **kwargs):
        return command(found, *args, **kwargs)

    return wrapped


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "未知用户"


def _print_json(data) -> None:
    click.echo(json.dumps(data, ensure_ascii=False, default=str))


@contextmanager
def _progress(what: str):
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


# ---- templates and samples


@main.command()
@click.option("--month", type=MONTH, required=True, help="报表月份,如 2020-06")
@click.option("--county", help="县(市、区)代码;不写则全部")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="写到哪个文件夹")
@click.option("--json", "as_json", is_flag=True)
@with_settings
def template(found: Settings, month, county, out: Path, as_json: bool) -> None:
    """生成待填的报表(每县一个工作簿)。"""
    from pipelines import reference_set
    from pipelines.survey.template import write_templates

    reference = reference_set.load(found.reference)
    with _progress("生成报表") as report:
        paths = write_templates(
            reference.form, reference.rosters, month, out, county, lambda done, of: report(done, of, "")
        )
    _print_json([str(p) for p in paths]) if as_json else click.echo(f"已生成 {len(paths)} 个工作簿,在 {out}")


@main.command()
@click.option("--months", "span", required=True, help="月份或区间,如 2018-08..2020-12")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="写到哪个文件夹")
@click.option("--seed", default=2018, show_default=True, help="随机种子;相同的种子得到相同的文件")
@click.option("--json", "as_json", is_flag=True)
@with_settings
def sample(found: Settings, span: str, out: Path, seed: int, as_json: bool) -> None:
    """生成示例数据:在真实名册上虚构的、已填好的报表(每张表都标明“示例数据”)。"""
    from pipelines import reference_set
    from pipelines.sample import write_samples

    reference = reference_set.load(found.reference)
    with _progress("生成示例数据") as report:
        paths = write_samples(
            reference.form,
            reference.rosters,
            months.parse_span(span),
            out,
            seed=seed,
            progress=lambda done, of: report(done, of, ""),
        )
    _print_json([str(p) for p in paths]) if as_json else click.echo(f"已生成 {len(paths)} 个示例工作簿,在 {out}")


# ---- what comes in

_FILES = click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))


@main.command()
@_FILES
@click.option("--json", "as_json", is_flag=True, help="每个文件一行 JSON")
@with_settings
def check(found: Settings, files, as_json: bool) -> None:
    """读取并检查报表,不保存任何内容。"""
    from pipelines import intake

    reports = intake.check(files, found)
    _show_reports(reports, as_json)


@main.command()
@_FILES
@click.option("--receipts", type=click.Path(path_type=Path, file_okay=False), help="回执写到哪个文件夹")
@click.option("--by", default=_user, help="报送人")
@click.option("--json", "as_json", is_flag=True)
@with_settings
def submit(found: Settings, files, receipts: Path | None, by: str, as_json: bool) -> None:
    """接收报表:存档、读取、入库。"""
    from pipelines import intake

    with _progress("读取报表") as report:
        reports = intake.submit(files, found, by, report)
    if receipts:
        intake.write_receipts(reports, found, receipts)
    _show_reports(reports, as_json)


_STATES = {
    "checked": "已检查",
    "effective": "已接收",
    "known": "此前已收到相同文件,未重复计入",
    "waiting": "该月已审核,报表待重开后生效(shequ reopen)",
    "superseded": "已被更新的报表取代",
    "refused": "未采用",
}
_SEVERITIES = {"error": "错误", "warning": "疑问", "note": "提示"}


def _show_reports(reports, as_json: bool) -> None:
    for report in reports:
        click.echo(json.dumps(report.public(), ensure_ascii=False)) if as_json else _show_report(report)
    if any(report.refused or report.errors for report in reports):
        sys.exit(1)


def _show_report(report) -> None:
    rows = report.rows
    whose = f"{report.county} {report.month}:" if report.county and report.month else ""
    counts = f"读到 {rows['read']} 行,计入 {rows['accepted']} 行,暂不计入 {rows['held']} 行"
    state = "不能采用" if report.refused else _STATES[report.state]
    click.echo(f"{report.file}:{state}。{whose}{counts}")
    for finding in report.findings:
        number = f"[{finding['id']}] " if finding.get("id") else ""
        click.echo(f"  {_SEVERITIES[finding['severity']]} {number}{finding['message']}")


# ---- figures and releases


@main.command()
@click.option("--month", type=MONTH, help="月份;不写则为最近有报表的月份")
@click.option("--by", default=_user, help="发布人")
@click.option("--json", "as_json", is_flag=True)
@with_settings
def run(found: Settings, month, by: str, as_json: bool) -> None:
    """计算一个月的数字,发布并生成报告。"""
    from pipelines import monthly

    with _progress("计算") as report:
        edition = monthly.run(found, month, by, report)
    if as_json:
        _print_json({"release": edition.label, "new": edition.new, "folder": str(edition.folder)})
    else:
        verb = "已发布" if edition.new else "没有变化,仍为"
        click.echo(f"{verb} {months.label(edition.month)}第{edition.number}版:{edition.folder}")


@main.command()
@click.option("--month", type=MONTH)
@click.option("--level", type=click.Choice(["city", "county", "town", "community"]))
@click.option("--unit", help="单位代码")
@click.option("--indicator", help="指标代码")
@click.option("--policy", help="政策代码")
@click.option(
    "--as-of", "as_of", type=click.Choice(["then", "now"]), default="then", help="按当时(then)或目前(now)区划"
)
@click.option("--json", "as_json", is_flag=True)
@with_settings
def figures(found: Settings, month, level, unit, indicator, policy, as_of: str, as_json: bool) -> None:
    """当前发布版中的数字。"""
    from pipelines.release import figures as of_release
    from pipelines.release import open_release

    rows = of_release(open_release(settings=found), month, level, unit, indicator, policy, now=as_of == "now")
    _print_json(rows) if as_json else _show_figures(rows)


def _show_figures(rows: list[dict]) -> None:
    from pipelines.indicators.progress import STATUSES

    for row in rows:
        value = "—" if row["value"] is None else f"{float(row['value']):.6g}"
        gap = f",还差 {row['gap']}" if row["gap"] else ""
        click.echo(
            f"{row['month']} {row['name'] or row['unit']} {row['indicator']} {value} "
            f"({row['numerator']}/{row['denominator']},未知 {row['unknown']}) {STATUSES[row['status']]}{gap}"
        )


@main.command()
@click.argument("indicator")
@click.option("--month", type=MONTH)
@click.option("--unit", help="市、县、乡镇或社区(村)代码;不写则为全市")
@click.option("--policy")
@click.option("--json", "as_json", is_flag=True)
@with_settings
def explain(found: Settings, indicator: str, month, unit, policy, as_json: bool) -> None:
    """一个数字的来历:条款、算式、所含单位,以及每个答案所在的单元格。"""
    from pipelines.release import explain as of_release
    from pipelines.release import open_release

    story = of_release(open_release(settings=found), indicator, month, unit, policy)
    _print_json(story) if as_json else _show_story(story)


@main.command()
@click.option("--month", type=MONTH, help="月份;不写则为当前发布版")
@click.option("--edition", type=int, help="第几版;不写则为该月最新一版")
@click.option("--variant", type=click.Choice(["month", "quarter", "year"]), help="月报、季报或年报;不写则按月份")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="写到哪个文件夹")
@click.option("--json", "as_json", is_flag=True)
@with_settings
def report(found: Settings, month, edition, variant, out: Path, as_json: bool) -> None:
    """由一个发布版重新生成报告(docx、xlsx、html);同一版的报告每次都相同。"""
    from pipelines.release import open_release
    from pipelines.reports import VARIANTS, write_reports

    paths = write_reports(open_release(month, edition, settings=found), out, VARIANTS.get(variant))
    _print_json([str(p) for p in paths]) if as_json else click.echo("已生成:\n" + "\n".join(map(str, paths)))


_COUNTS = {"yes": "计入", "no": "未达到", "unknown": "不详", "scope_unknown": "是否适用不详"}


def _show_story(story: dict) -> None:
    figure = story["figure"]
    click.echo(f"{story['indicator']}  条款 {story['clause']}:{story['quote']}")
    click.echo(f"{story['arithmetic']}")
    click.echo(f"= {figure['value']}  ({figure['numerator']}/{figure['denominator']},未知 {figure['unknown']})")
    for unit in story["units"]:
        click.echo(f"  {unit['unit']} {unit['name']} {_COUNTS[unit['counts']]}")
        for name, answer in unit["answer"].items():
            place = f"{answer['file']} {answer['sheet']}!{answer['cell']}" if answer["cell"] else "未填报"
            carried = f"(沿用 {answer['carried_from']})" if answer["carried_from"] else ""
            click.echo(f"      {name} = {answer['value']} [{answer['raw']}] {place}{carried}")


@main.command()
@click.argument("file")
@click.argument("cell")
@click.option("--sheet", help="工作表名称(文件中有几张表时)")
@click.option("--json", "as_json", is_flag=True)
@with_settings
def feeds(found: Settings, file: str, cell: str, sheet, as_json: bool) -> None:
    """一个单元格的去向:它成为哪个答案,进入哪些数字(FILE 为文件名或 SHA-256 的开头)。"""
    from pipelines.release import feeds as of_release
    from pipelines.release import open_release

    story = of_release(open_release(settings=found), file, cell, sheet)
    if as_json:
        _print_json(story)
        return
    click.echo(
        f"{story['file']} {story['sheet']}!{cell}:{story['unit']} 的 {story['field']} = {story['value']} [{story['raw']}]"
    )
    for figure in story["figures"]:
        click.echo(
            f"  {figure['month']} {figure['level']} {figure['unit']} {figure['indicator']} {figure['shown']}"
        )


@main.command()
@click.option("--month", type=MONTH)
@click.option("--json", "as_json", is_flag=True)
@with_settings
def status(found: Settings, month, as_json: bool) -> None:
    """谁已报、谁未报、有哪些问题。"""
    from pipelines import intake

    state = intake.status(found, month)
    _print_json(state) if as_json else _show_status(state)


_MONTH_STATES = {"open": "未审核", "approved": "已审核(锁定)", "reopened": "已重开"}


def _show_status(state: dict) -> None:
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
    for problem in state["inbox"]:
        click.echo(f"  收件箱中尚未接收:{problem}")


# ---- decisions


def _decided(event, as_json: bool, said: str) -> None:
    _print_json({"seq": event.seq, "at": event.at, "kind": event.kind, **event.body}) if as_json else click.echo(
        said
    )


@main.command()
@click.argument("month", type=MONTH)
@click.option("--by", default=_user)
@click.option("--json", "as_json", is_flag=True)
@with_settings
def approve(found: Settings, month, by: str, as_json: bool) -> None:
    """审核一个月(锁定)。"""
    from pipelines import intake

    _decided(intake.approve(month, found, by), as_json, f"{months.label(month)}已审核,此后的报表须先重开才生效")


@main.command()
@click.argument("month", type=MONTH)
@click.option("--why", required=True, help="理由")
@click.option("--by", default=_user)
@click.option("--json", "as_json", is_flag=True)
@with_settings
def reopen(found: Settings, month, why: str, by: str, as_json: bool) -> None:
    """重开已审核的月份。"""
    from pipelines import intake

    _decided(intake.reopen(month, why, found, by), as_json, f"{months.label(month)}已重开")


@main.command()
@click.argument("finding")
@click.option("--why", required=True, help="理由")
@click.option("--until", type=MONTH, required=True, help="有效至哪个月")
@click.option("--by", default=_user)
@click.option("--json", "as_json", is_flag=True)
@with_settings
def waive(found: Settings, finding: str, why: str, until, by: str, as_json: bool) -> None:
    """接受一个问题(附理由和期限),随数字一并公布。"""
    from pipelines import intake

    _decided(
        intake.waive(finding, why, until, found, by), as_json, f"问题 {finding} 已豁免至 {months.label(until)}"
    )


@main.command()
@click.argument("finding")
@click.option("--unit", required=True, help="名册中的 12 位代码")
@click.option("--by", default=_user)
@click.option("--json", "as_json", is_flag=True)
@with_settings
def resolve(found: Settings, finding: str, unit: str, by: str, as_json: bool) -> None:
    """认定一行报的是名册中的哪个单位(以后照此办理)。"""
    from pipelines import intake

    _decided(intake.resolve(finding, unit, found, by), as_json, f"已认定为 {unit}")


# ---- running things


@main.command()
@click.option("--json", "as_json", is_flag=True)
@with_settings
def rebuild(found: Settings, as_json: bool) -> None:
    """仅凭档案和基础数据重做数据库与各发布版,并逐项核对数字。"""
    from pipelines import rebuilding

    with _progress("重建") as report:
        verdict = rebuilding.rebuild(found, report)
    _print_json(verdict) if as_json else click.echo(verdict["message"])
    if not verdict["agrees"]:
        sys.exit(1)


@main.command()
@click.option("--port", default=8501, show_default=True)
@with_settings
def dashboard(found: Settings, port: int) -> None:
    """打开看板(只在本机)。"""
    from pipelines import serving

    sys.exit(serving.dashboard(found, port))


@main.command()
@with_settings
def serve(found: Settings) -> None:
    """同时运行 Dagster(定时、收件箱、界面)和看板。"""
    raise Refusal("本版尚未提供 shequ serve;请先用 shequ dashboard 打开看板,用 dg dev 打开 Dagster")
