"""Four stages of a month, each a call to one plain function, with the checks of what it made. A backfill of many months is one run.

A check that blocks fails its stage, so that what comes after does not run.
"""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import dagster as dg

from pipelines import months
from pipelines.defs import asset_checks
from pipelines.defs.partitions import asked
from pipelines.defs.resource import Station, refusals_shown
from pipelines.edition import edition_folders, verify_files
from pipelines.figures import update
from pipelines.intake import collect_inbox
from pipelines.monthly import monthly_run, papers, summary
from pipelines.reference.reference_bundle import Reference
from pipelines.serving.handing_over import BY
from pipelines.warehouse import warehouse_checks
from pipelines.warehouse.projection import Warehouse

# A file in the inbox that has not changed for so many seconds is taken to be whole.
STILL_FOR = 30.0
# Tag of a run that the inbox asked for: it makes working editions at most.
INBOX = "shequ/inbox"
# Workbooks between two lines of progress in the log.
STEP = 20


class Intake(dg.Config):
    """How long a file must have lain still before it is taken."""

    still_for: float = STILL_FOR


def build(partitions: dg.PartitionsDefinition, reference: Reference) -> list[dg.AssetsDefinition]:
    """The assets, over the months given."""
    common = {"partitions_def": partitions, "backfill_policy": dg.BackfillPolicy.single_run(), "group_name": "monthly"}
    # once more where that helps by itself: `station.refusals_shown` says where
    common["retry_policy"] = dg.RetryPolicy(max_retries=1)
    received, counted = (asset_checks.declared(stage, reference) for stage in warehouse_checks.STAGES)
    return [_submissions(common, received), _figures(common, counted), _release(common), _report(common)]


def _submissions(common: dict, specs: list[dg.AssetCheckSpec]) -> dg.AssetsDefinition:
    @dg.asset(**common, check_specs=specs, description="收件箱中的报表存档、读取、入库。")
    def submissions(
        context: dg.AssetExecutionContext, config: Intake, station: Station
    ) -> Iterator[dg.MaterializeResult]:
        with station.open("接收报表") as opened:
            new = collect_inbox.collect(opened, station.settings, config.still_for, _progress(context, "读取报表"))
            context.log.info(f"收到 {len(new)} 份报表")
            _tell(context, lambda month: {"本次收到": len(new), **summary.received(opened, month)})
            if not _of_inbox(context):
                _refuse_nothing(asked(context), opened.life().reported)
            yield from _checked(context, opened, "submissions")

    return submissions


def _figures(common: dict, specs: list[dg.AssetCheckSpec]) -> dg.AssetsDefinition:
    @dg.asset(**common, check_specs=specs, deps=["submissions"], description="各级各项指标的数字、上下限、状态和差距。")
    def figures(context: dg.AssetExecutionContext, station: Station) -> Iterator[dg.MaterializeResult]:
        with station.open("计算数字") as opened:
            until = max(
                [month for month in opened.life().reported if month <= max(asked(context))], default=asked(context)[0]
            )
            new = update.bring_up_to_date(opened, until, _progress(context, "计算"))
            context.log.info(f"重新计算 {len(new)} 个月")
            _tell(context, lambda month: {"重新计算": month in new, **summary.computed(opened, month)})
            yield from _checked(context, opened, "figures")

    return figures


def _release(common: dict) -> dg.AssetsDefinition:
    says, whole = "不可更改的一版；指定月份之外，也更新当前发布版。收件箱的只成工作版。", [asset_checks.of_editions()]

    @dg.asset(**common, check_specs=whole, deps=["figures"], description=says)
    def release(context: dg.AssetExecutionContext, station: Station) -> Iterator[dg.MaterializeResult]:
        with station.open("发布") as opened:
            progress = _progress(context, "成版")
            if _of_inbox(context):
                made = monthly_run.publish_working(opened, station.settings, progress)
            else:
                by = context.run.tags.get(BY, "Dagster")
                made = monthly_run.publish_months(opened, station.settings, asked(context), by, progress)
            rows = {edition.month: summary.published(station.settings, edition) for edition in made}
            context.log.info(f"{len(made)} 个月，其中新版 {sum(edition.new for edition in made)} 个")
            nothing = "没有数字变动，未成新版" if _of_inbox(context) else "该月没有任何报表，未成版"
            _tell(context, lambda month: rows.get(month, {"发布版": nothing}))
            current = edition_folders.current(station.settings.releases)
            yield from _whole(opened, {edition.folder for edition in made} | {current})

    return release


def _report(common: dict) -> dg.AssetsDefinition:
    @dg.asset(**common, deps=["release"], description="月报(docx、xlsx、html),放在发布版的 reports 文件夹。")
    def report(context: dg.AssetExecutionContext, station: Station) -> None:
        with refusals_shown():
            made = {} if _of_inbox(context) else papers.issue_latest(station.settings, asked(context))
            names = {month: "、".join(path.name for path in paths) for month, paths in made.items()}
            _tell(context, lambda month: {"月报": names.get(month, "补算的月份不逐月生成；随时可由其发布版生成")})

    return report


def _of_inbox(context: dg.AssetExecutionContext) -> bool:
    return INBOX in context.run.tags


def _checked(context: dg.AssetExecutionContext, opened: Warehouse, stage: str) -> Iterator[dg.MaterializeResult]:
    """What a stage made, with what its checks say of it. Errors: `Refusal` where one fails that blocks."""
    found = warehouse_checks.examine(opened, stage, asked(context))
    yield dg.MaterializeResult(check_results=list(asset_checks.results(found)))
    warehouse_checks.require(found)


def _whole(opened: Warehouse, folders: set[Path | None]) -> Iterator[dg.MaterializeResult]:
    """The editions made and the current one, with whether their files are what they were. Errors: `Refusal` where they are not."""
    faults = [fault for folder in sorted(folders - {None}) for fault in verify_files.touched_faults(opened, folder)]
    yield dg.MaterializeResult(check_results=[asset_checks.whole(faults)])
    monthly_run.require_whole(faults)


def _tell(context: dg.AssetExecutionContext, of_month: Callable[[date], dict]) -> None:
    """Put what came out on each month of the run."""
    for month in asked(context):
        context.add_asset_metadata(of_month(month), partition_key=months.key(month))


def _refuse_nothing(wanted: list[date], reported: list[date]) -> None:
    """A run over months that nobody has reported fails: green with nothing in it would be a lie."""
    if not set(wanted) & set(reported):
        span = "、".join(sorted({months.label(wanted[0]), months.label(wanted[-1])}, key=len))
        latest = f"最近有报表的月份是{months.label(reported[-1])}" if reported else "还没有收到任何有效报表"
        raise dg.Failure(f"{span}没有任何有效报表，没有可计算的内容（{latest}）", allow_retries=False)


def _progress(context: dg.AssetExecutionContext, what: str) -> Callable[[int, int, str], None]:
    def report(done: int, of: int, item: str) -> None:
        if done % STEP == 0 or done == of:
            context.log.info(f"{what} {done}/{of} {item}")

    return report
