"""The four monthly operations as Dagster assets: each calls one plain function and reports the tables and papers that it made.

Where some of an operation's assets are selected, all are made and only those are reported. A backfill of many months is one run.
A failed blocking check fails its operation, so that later ones do not run; checks that are run alone only report.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg

from pipelines import months
from pipelines.archive.store import Archive
from pipelines.defs import asset_checks, asset_specs
from pipelines.defs.partitions import asked
from pipelines.defs.resource import Station, refusals_shown
from pipelines.edition import edition_folders, verify_files
from pipelines.edition.publish_edition import Edition
from pipelines.figures import update
from pipelines.intake import collect_inbox, file_names
from pipelines.monthly import monthly_run, papers, summary
from pipelines.notify import dispatch
from pipelines.reference.reference_bundle import Reference
from pipelines.serving.background_runs import BY
from pipelines.settings import Settings
from pipelines.warehouse import warehouse_checks
from pipelines.warehouse.projection import Warehouse

# A file in the inbox that has not changed for this many seconds is taken to be whole.
STILL_FOR = 30.0
# Tag of a run that the inbox asked for: it makes working editions at most.
INBOX = "shequ/inbox"
# Most files that one run of the inbox takes; the next run takes the rest.
MOST = 300
# Seconds between two lines of progress in the log.
QUIET = 5.0

Results = Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]
# month → metadata of an asset
OfMonth = Callable[[date], Mapping[str, object]]


class Intake(dg.Config):
    """Seconds since a file in the inbox last changed before it is read."""

    still_for: float = STILL_FOR


def build(partitions: dg.PartitionsDefinition, reference: Reference) -> list[dg.AssetsDefinition]:
    """The assets of all four operations, partitioned by month."""
    common: dict[str, Any] = {
        "partitions_def": partitions,
        "backfill_policy": dg.BackfillPolicy.single_run(),
        "can_subset": True,
    }
    # `station.refusals_shown` says which failures are worth a retry
    common["retry_policy"] = dg.RetryPolicy(max_retries=1)
    received, counted = (asset_checks.declared(stage, reference, partitions) for stage in warehouse_checks.STAGES)
    return [
        _submissions(common, reference, received), _figures(common, reference, counted), _release(common, reference, partitions),
        _report(common),
    ]  # fmt: skip


def _submissions(common: dict[str, Any], reference: Reference, checks: list[dg.AssetCheckSpec]) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="submissions", specs=asset_specs.submissions(reference), check_specs=checks, **common,
        description="收件箱中的报表存档、读取、入库。",
    )  # fmt: skip
    def submissions(context: dg.AssetExecutionContext, config: Intake, station: Station) -> Results:
        with station.open("接收报表") as opened:
            if context.selected_asset_keys:
                most = MOST if _of_inbox(context) else None
                new = collect_inbox.collect(
                    opened, station.settings, config.still_for, _progress(context, "读取报表"), most
                )
                context.log.info(f"收到 {len(new)} 份报表")
                if _of_inbox(context) and new and not _used(opened, new):
                    context.log.warning("这一批没有一份可以采用（原因见回执和“报送”页），不重算任何月份")
                    return
                yield from _materialised(context, _received(opened, len(new)))
                if not _of_inbox(context):
                    _refuse_nothing(asked(context), opened.life().reported)
            yield from _checked(context, opened, "submissions")

    return submissions


def _used(opened: Warehouse, new: list[int]) -> list[int]:
    status = opened.life().status
    return [seq for seq in new if status.get(seq, "refused") != "refused"]


def _received(opened: Warehouse, new: int) -> dict[str, OfMonth]:
    count = {
        "submission": _rows(opened, "SELECT month, count(*) FROM submission GROUP BY month"),
        "answers": _rows(opened, "SELECT month, count(*) FROM answer JOIN submission USING (seq) GROUP BY month"),
        "findings": _rows(opened, "SELECT month, count(*) FROM finding JOIN submission USING (seq) GROUP BY month"),
    }
    return {
        "submission": lambda month: {"本次收到": new, **summary.received(opened, month), **count["submission"](month)},
        "answers": count["answers"],
        "findings": count["findings"],
    }


def _figures(common: dict[str, Any], reference: Reference, checks: list[dg.AssetCheckSpec]) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="figures", specs=asset_specs.figures(reference), check_specs=checks, **common,
        description="各级各项指标的数字、上下限、状态和还差的数。",
    )  # fmt: skip
    def figures(context: dg.AssetExecutionContext, station: Station) -> Results:
        with station.open("计算数字") as opened:
            if context.selected_asset_keys:
                reported = [month for month in opened.life().reported if month <= max(asked(context))]
                new = update.bring_up_to_date(
                    opened, max(reported, default=asked(context)[0]), _progress(context, "计算")
                )
                context.log.info(f"重新计算 {len(new)} 个月")
                yield from _materialised(context, _counted(opened, reference, new))
            yield from _checked(context, opened, "figures")

    return figures


def _counted(opened: Warehouse, reference: Reference, new: list[date]) -> dict[str, OfMonth]:
    metadata: dict[str, OfMonth] = {
        asset_specs.figures_key(register).to_user_string(): _rows(
            opened,
            "SELECT month, count(*) FROM figure WHERE policy = ? AND divisions = 'then' GROUP BY month",
            [register.policy.id],
        )
        for register in reference.registers
    }
    rows = _rows(opened, "SELECT month, count(*) FROM figure WHERE divisions = 'then' GROUP BY month")
    metadata["verdicts"] = lambda month: {"重新计算": month in new, **summary.computed(opened, month), **rows(month)}
    return metadata


def _release(common: dict[str, Any], reference: Reference, partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="release", specs=asset_specs.release(reference), check_specs=[asset_checks.of_editions(partitions)], **common,
        description="成版，到时发布。",
    )  # fmt: skip
    def release(context: dg.AssetExecutionContext, station: Station) -> Results:
        with station.open("发布") as opened:
            made = _editions(context, opened, station.settings) if context.selected_asset_keys else []
            rows = {edition.month: summary.published(station.settings, edition) for edition in made}
            if made or not _of_inbox(context):
                nothing = {"发布版": "该月没有任何报表，未成版"}
                moved = {edition.month: _moved(edition.folder) for edition in made}
                # Dagster requires upstream assets to be reported first
                metadata: dict[str, OfMonth] = {
                    "movement": lambda month: moved.get(month, {}), "edition": lambda month: rows.get(month, nothing)
                }  # fmt: skip
                yield from _materialised(context, metadata)
            current = edition_folders.current(station.settings.releases)
            folders = {edition.folder for edition in made} | ({current} if current else set())
            yield from _whole(context, opened, folders)

    return release


def _editions(context: dg.AssetExecutionContext, opened: Warehouse, settings: Settings) -> list[Edition]:
    progress = _progress(context, "成版")
    if _of_inbox(context):
        made = monthly_run.publish_working(opened, settings, progress)
    else:
        by = context.run.tags.get(BY, "Dagster")
        made = monthly_run.publish_months(opened, settings, asked(context), by, progress)
    context.log.info(f"{len(made)} 个月，其中新版 {sum(edition.new for edition in made)} 个")
    return made


def _moved(folder: Path) -> dict[str, object]:
    """Rows of an edition's own month in its table of movements; nothing for the first month, which has none."""
    tables = edition_folders.month_tables(folder, edition_folders.read_manifest(folder))
    entry = tables.get("movement", {}).get(folder.parent.name)
    return {"dagster/partition_row_count": entry["rows"]} if entry else {}


def _report(common: dict[str, Any]) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="report", specs=asset_specs.report(), **common, description="月报（docx、xlsx、html）和发布消息。"
    )
    def report(context: dg.AssetExecutionContext, station: Station) -> Results:
        if _of_inbox(context):
            context.log.info("收件箱的只成工作版：不生成月报，不发消息")
            return
        with refusals_shown():
            made = papers.issue_latest(station.settings, asked(context))
            metadata = {kind: _papers(made, kind) for kind in asset_specs.PAPERS}
            if len(asked(context)) == 1:  # no messages about a backfill
                before = _before(Archive(station.settings.archive), _began(context))
                dispatch.releases(station.settings, before)
            waiting = len(dispatch.outbox(station.settings).waiting())
            yield from _materialised(context, {**metadata, "notices": lambda month: {"待发": waiting}})

    return report


def _papers(made: dict[date, list[Path]], kind: str) -> OfMonth:
    names = {month: [path.name for path in paths if path.suffix == f".{kind}"] for month, paths in made.items()}
    return lambda month: {"月报": "、".join(names.get(month, [])) or "补算的月份不逐月生成；随时可由其发布版生成"}


def _began(context: dg.AssetExecutionContext) -> datetime:
    record = context.instance.get_run_record_by_id(context.run.run_id)
    return datetime.fromtimestamp(record.start_time, UTC) if record and record.start_time else datetime.now(UTC)


def _before(archive: Archive, moment: datetime) -> int:
    decisions = (
        event for event in archive.decisions() if datetime.fromisoformat(event.at) >= moment.replace(microsecond=0)
    )
    first = next(decisions, None)
    return first.seq - 1 if first else archive.last_seq()


# ---- reporting to Dagster


def _of_inbox(context: dg.AssetExecutionContext) -> bool:
    return INBOX in context.run.tags


def _rows(opened: Warehouse, sql: str, parameters: list[object] | None = None) -> OfMonth:
    """Month → its count of rows, of a query with (month, count)."""
    known = dict(opened.con.execute(sql, parameters or []).fetchall())
    return lambda month: {"dagster/partition_row_count": known.get(month, 0)}


def _materialised(
    context: dg.AssetExecutionContext, metadata: Mapping[str, OfMonth]
) -> Iterator[dg.MaterializeResult[None]]:
    """One materialisation per selected asset, with metadata for each month of the run."""
    for name, of_month in metadata.items():
        key = dg.AssetKey.from_user_string(name)
        if key in context.selected_asset_keys:
            for month in asked(context):
                context.add_asset_metadata(of_month(month), asset_key=key, partition_key=months.key(month))
            yield dg.MaterializeResult(asset_key=key)


def _checked(context: dg.AssetExecutionContext, opened: Warehouse, stage: str) -> Iterator[dg.AssetCheckResult]:
    """Results of the stage's selected checks. Errors: `Refusal` where a blocking one fails, unless only checks were selected."""
    verdicts = warehouse_checks.examine(opened, stage, asked(context))
    yield from _selected(context, asset_checks.results(verdicts, opened.reference))
    if context.selected_asset_keys:
        warehouse_checks.require(verdicts)


def _whole(context: dg.AssetExecutionContext, opened: Warehouse, folders: set[Path]) -> Iterator[dg.AssetCheckResult]:
    """Check of the files of these editions against their hashes. Errors: `Refusal` where one differs, unless only checks were selected."""
    faults = [fault for folder in sorted(folders) for fault in verify_files.touched_faults(opened, folder)]
    yield from _selected(context, [asset_checks.whole(faults)])
    if context.selected_asset_keys:
        monthly_run.require_whole(faults)


def _selected(
    context: dg.AssetExecutionContext, results: Iterable[dg.AssetCheckResult]
) -> Iterator[dg.AssetCheckResult]:
    for result in results:
        assert result.asset_key and result.check_name, "our checks name both"
        if dg.AssetCheckKey(result.asset_key, result.check_name) in context.selected_asset_check_keys:
            yield result


def _refuse_nothing(wanted: list[date], reported: list[date]) -> None:
    """Errors: `Failure` where none of the months has a report in force."""
    if not set(wanted) & set(reported):
        span = "、".join(sorted({months.label(wanted[0]), months.label(wanted[-1])}, key=len))
        latest = f"最近有报表的月份是{months.label(reported[-1])}" if reported else "还没有收到任何有效报表"
        raise dg.Failure(f"{span}没有任何有效报表，没有可计算的内容（{latest}）", allow_retries=False)


def _progress(context: dg.AssetExecutionContext, title: str) -> Callable[[int, int, str], None]:
    said = time.monotonic()

    def report(done: int, of: int, item: str) -> None:
        nonlocal said
        if time.monotonic() - said >= QUIET or done == of:
            said = time.monotonic()
            context.log.info(f"{title} {done}/{of} {file_names.shown(item)}")

    return report
