"""The command line: `shequ`. Every command calls one plain function; what is printed is Chinese, `--json` is for programs.

Exit status: 0 done, 1 findings or refusal, 2 wrong use.
"""

import gc
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines import __version__, months, settings
from pipelines.cli import (
    city_decisions,
    comparing,
    maintenance,
    matters_commands,
    operations,
    printing,
    reference_commands,
    spotcheck,
    task_commands,
)
from pipelines.cli.options import EDITION, JSON, MONTH, open_edition, with_settings
from pipelines.errors import Refusal
from pipelines.settings import Settings
from pipelines.system import collector, durable_files, locks

if TYPE_CHECKING:
    from pipelines.edition.open_edition import Release


class _Chinese(click.Group):
    """Print refusals without a traceback; other errors keep theirs."""

    def invoke(self, ctx):
        try:
            with durable_files.refusing("操作"):
                return super().invoke(ctx)
        except Refusal as refusal:
            printing.say(*f"未完成：{refusal}".split("\n"), err=True)
            ctx.exit(1)


@click.group(cls=_Chinese, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="运行数据所在文件夹（默认 data/，或环境变量 SHEQU_DATA）",
)
@click.version_option(__version__, prog_name="shequ")
@click.pass_context
def main(ctx: click.Context, data: Path | None) -> None:
    """社区：城乡社区治理政策落实进展。"""
    # files of this command and of the programs that it starts are readable by owner and group only
    os.umask(0o027)
    ctx.obj = settings.load(data)


# ---- templates and samples


@main.command()
@click.option("--month", type=MONTH, required=True, help="报表月份，如 2020-06")
@click.option("--county", help="县（市、区）代码；不写则全部")
@click.option("--town", is_flag=False, flag_value="*", help="每个街道（乡镇）一个工作簿；写代码或名称的，只生成这一个")
@click.option("--blank", is_flag=True, help="不填入上月的答案")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="写到哪个文件夹")
@JSON
@with_settings
def template(settings: Settings, month, county, town, blank: bool, out: Path, as_json: bool) -> None:
    """生成待填的报表（每县一个工作簿）；从第二个月起填好上月已报的答案。"""
    from pipelines.archive import reference_in_force
    from pipelines.edition.edition_answers import last_answers
    from pipelines.reference import age
    from pipelines.template import write_templates

    reference = reference_in_force.load(settings)
    last = None if blank else last_answers(settings, reference.form.in_month(month), month)
    with printing.progress("生成报表") as report:
        paths = write_templates(
            reference.form,
            reference.rosters,
            month,
            out,
            county,
            lambda done, of: report(done, of, ""),
            town=town,
            last=last,
            caveats=[caveat.says for caveat in age.caveats(reference, month)],
        )
    if as_json:
        printing.print_json([str(p) for p in paths])
    else:
        source = f"，已填入{months.label(last.month)}的答案" if last else ""
        click.echo(f"已生成 {len(paths)} 个工作簿，在 {out}{source}")


@main.command()
@click.option("--months", "span", required=True, help="月份或区间，如 2018-08..2020-12")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="写到哪个文件夹")
@click.option("--seed", default=2018, show_default=True, help="随机种子；相同的种子得到相同的文件")
@JSON
@with_settings
def sample(settings: Settings, span: str, out: Path, seed: int, as_json: bool) -> None:
    """生成示例数据：在真实名册上虚构的、已填好的报表（每张表都标明“示例数据”）。"""
    from pipelines.reference import reference_bundle
    from pipelines.sample import write_samples

    reference = reference_bundle.load(settings.reference)
    with printing.progress("生成示例数据") as report:
        paths = write_samples(
            reference.form,
            reference.rosters,
            months.parse_span(span),
            out,
            seed=seed,
            progress=lambda done, of: report(done, of, ""),
        )
    printing.print_json([str(p) for p in paths]) if as_json else click.echo(
        f"已生成 {len(paths)} 个示例工作簿，在 {out}"
    )


# ---- what comes in

_FILES = click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))


@main.command()
@_FILES
@click.option("--json", "as_json", is_flag=True, help="每个文件一行 JSON")
@with_settings
def check(settings: Settings, files, as_json: bool) -> None:
    """读取并检查报表，不保存任何内容。"""
    try:
        with collector.loading():
            from pipelines.intake import submit_files

        reports = submit_files.check(files, settings, alone=True)
    finally:
        gc.unfreeze()
    printing.reports(reports, as_json)


@main.command()
@_FILES
@click.option("--receipts", type=click.Path(path_type=Path, file_okay=False), help="回执写到哪个文件夹")
@click.option("--by", default="命令行", help="报送人")
@JSON
@with_settings
def submit(settings: Settings, files, receipts: Path | None, by: str, as_json: bool) -> None:
    """接收报表：存档、读取、入库。"""
    from pipelines.intake import submit_files

    with printing.progress("读取报表") as report:
        reports = submit_files.submit(files, settings, by, report)
    if receipts:
        try:
            submit_files.write_receipts(reports, settings, receipts)
        except locks.Busy as busy:  # the files are stored, so the reports are printed before the error
            printing.say(f"回执未写：{busy}", err=True)
    printing.reports(reports, as_json)


# ---- figures and releases


@main.command()
@click.option("--month", type=MONTH, help="月份；不写则为已结束、有本月报表的最近一个月")
@click.option("--by", default="命令行", help="经办人")
@JSON
@with_settings
def run(settings: Settings, month, by: str, as_json: bool) -> None:
    """计算一个月的数字，成版并生成报告；到了发布时间、已审定或各县报齐的，当即发布。"""
    from pipelines.intake import month_now
    from pipelines.monthly import monthly_run

    warnings: list[str] = []
    with printing.progress("计算") as report:
        edition = monthly_run.run(settings, month, by, report, warnings.append)
    now = month_now.of(settings, edition.month)
    if as_json:
        row = {"release": edition.label, "new": edition.new, "folder": str(edition.folder), "warnings": warnings}
        printing.print_json({**row, "released": now.released == edition.label, "caveats": now.caveats})
        return
    verb = "已成版" if edition.new else "没有变化，仍为"
    printing.say(f"{verb} {months.label(edition.month)}第{edition.number}版：{edition.folder}")
    printing.say(f"  {printing.gate(now, edition.label)}")
    for warning in warnings:
        printing.say(f"  请核实 {warning}")
    for caveat in now.caveats:
        printing.say(f"  请注意 {caveat}")


@main.command()
@click.option("--month", type=MONTH)
@click.option("--level", type=click.Choice(["city", "county", "town", "community"]))
@click.option("--unit", help="单位代码")
@click.option("--indicator", help="指标代码")
@click.option("--policy", help="政策代码")
@click.option(
    "--as-of", "as_of", type=click.Choice(["then", "now"]), default="then", help="按当时（then）或目前（now）区划"
)
@click.option("--edition", type=EDITION, help="哪一版，如 2020-06/2，或 working（最新的工作版）；不写则为当前发布版")
@JSON
@with_settings
def figures(settings: Settings, month, level, unit, indicator, policy, as_of: str, edition, as_json: bool) -> None:
    """当前发布版（或指明的一版）中的数字。"""
    from pipelines.edition import figures as of_release

    release = open_edition(settings, edition)
    rows = of_release(release, month, level, unit, indicator, policy, now=as_of == "now")
    if as_json:
        printing.print_json(rows)
    else:
        printing.figures(rows, _indicators(release, policy))


def _indicators(release: "Release", policy: str | None) -> dict[str, Mapping[str, Any]]:
    """Name and units of each indicator, of the first policy where none is named."""
    sql = "SELECT * FROM indicator WHERE policy = coalesce(?, (SELECT id FROM policy LIMIT 1))"
    return {row["indicator"]: row for row in release.rows(sql, [policy])}


@main.command()
@click.argument("indicator")
@click.option("--month", type=MONTH)
@click.option("--unit", help="市、县、乡镇或社区（村）代码；不写则为全市")
@click.option("--policy")
@JSON
@with_settings
def explain(settings: Settings, indicator: str, month, unit, policy, as_json: bool) -> None:
    """一个数字的来历：条款、算式、所含单位，以及每个答案所在的单元格。"""
    from pipelines.edition import explain as of_release
    from pipelines.edition import open_release

    release = open_release(settings=settings)
    story = of_release(release, indicator, month, unit, policy)
    if as_json:
        printing.print_json(story)
    else:
        labels = {row["field"]: row["label"] for row in release.rows("SELECT field, label FROM field")}
        printing.story(story, _indicators(release, policy)[indicator], labels)


@main.command()
@click.option("--month", type=MONTH, help="月份；不写则为当前发布版")
@click.option("--edition", type=int, help="第几版；不写则为该月最新一版")
@click.option(
    "--variant",
    type=click.Choice(["month", "quarter", "year"]),
    help="月报、季报或年报；不写则月报，季末、年末另有季报、年报",
)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="写到哪个文件夹；不写则更新随版所发的报告"
)
@JSON
@with_settings
def report(settings: Settings, month, edition, variant, out: Path | None, as_json: bool) -> None:
    """由一个发布版重新生成报告（docx、xlsx、html）；同一版、同样的决定和说明，报告每次都相同。"""
    from pipelines.edition import open_release
    from pipelines.intake import month_now
    from pipelines.monthly import papers
    from pipelines.reports import VARIANTS, office, write_reports

    if variant and not out:
        raise click.UsageError("只要一种报告时，请写 --out")
    release = open_release(month, edition, settings=settings)
    if out:
        said = month_now.of(settings, release.month).caveats
        paths = write_reports(release, out, VARIANTS.get(variant), said, office.load(settings))
    else:
        paths = papers.issue(settings, release.folder)
    printing.print_json([str(p) for p in paths]) if as_json else printing.say("已生成：", *map(str, paths))


@main.command()
@click.argument("file")
@click.argument("cell")
@click.option("--sheet", help="工作表名称（文件中有几张表时）")
@JSON
@with_settings
def feeds(settings: Settings, file: str, cell: str, sheet, as_json: bool) -> None:
    """一个单元格的去向：它成为哪个答案，进入哪些数字（FILE 为文件名或 SHA-256 的开头）。"""
    from pipelines.edition import feeds as of_release
    from pipelines.edition import open_release

    story = of_release(open_release(settings=settings), file, cell, sheet)
    if as_json:
        printing.print_json(story)
        return
    printing.say(
        f"{story['file']} {story['sheet']}!{cell}：{story['unit']} 的 {story['field']} = {story['value']} [{story['raw']}]"
    )
    for figure in story["figures"]:
        printing.say(f"  {figure['month']} {figure['level']} {figure['unit']} {figure['indicator']} {figure['shown']}")


@main.command()
@click.option("--month", type=MONTH)
@JSON
@with_settings
def status(settings: Settings, month, as_json: bool) -> None:
    """谁已报、谁未报、有哪些问题、作过哪些决定；不写月份则为最近发布的月份。"""
    from pipelines.intake import month_now, reporting_status

    month = month or month_now.newest_released(settings)
    state = reporting_status.status(settings, month)
    now = month_now.of(settings, months.parse(state["month"])) if state["month"] else None
    if as_json:
        rest = (
            {"editions": {"released": now.released, "working": now.working}, "decisions": now.decisions} if now else {}
        )
        printing.print_json({**state, **rest})
    else:
        printing.status(state, now)


# ---- deciding, keeping and running


for command in (
    *city_decisions.COMMANDS,
    *matters_commands.COMMANDS,
    comparing.compare,
    spotcheck.spotcheck,
    task_commands.tasks,
    reference_commands.reference,
    maintenance.rebuild,
    maintenance.backup,
    maintenance.restore,
):
    main.add_command(command)
for command in (
    operations.dashboard,
    operations.serve,
    operations.audit,
    operations.health,
    operations.reminders,
    operations.units,
):
    main.add_command(command)
