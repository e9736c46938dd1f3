"""The monthly run: figures, editions, release and papers. Used by the command line, the dashboard and Dagster."""

from collections.abc import Callable
from datetime import date, datetime

from pipelines import months
from pipelines.access import roles
from pipelines.edition import Edition, edition_folders, publish, verify_files
from pipelines.errors import Refusal
from pipelines.figures import update
from pipelines.intake import returned_lists, session
from pipelines.monthly import gate, papers, rebuild_editions
from pipelines.months import SHANGHAI
from pipelines.settings import Settings
from pipelines.warehouse import warehouse_checks
from pipelines.warehouse.projection import Progress, Warehouse


def run(
    settings: Settings,
    month: date | None = None,
    by: str | roles.Actor = "系统",
    report: Progress | None = None,
    warn: Callable[[str], None] | None = None,
) -> Edition:
    """Figures, checks, edition and papers of a month (default: the newest that is over and has an accepted report of its own), and of
    later editions whose series holds it; released where the gate is open. `warn` is called with warnings in Chinese.

    Missing editions of the ledger (after an interrupted restore or rebuild) are rebuilt from the archive first.

    Errors: `Refusal` where a blocking check fails (`pipelines.warehouse.warehouse_checks`).
    """
    by = roles.require(by, "publish", settings, month=months.key(month) if month else None)
    try:
        edition = _publish(settings, month, by, report, warn)
    except edition_folders.Lost:
        rebuild_editions.rebuild(settings, report)
        edition = _publish(settings, month, by, report, warn)
    papers.issue_latest(settings, [edition.month])
    return edition


def _publish(
    settings: Settings,
    month: date | None,
    by: str,
    report: Progress | None,
    warn: Callable[[str], None] | None,
) -> Edition:
    with session.settled(settings, "月度计算", report=report) as opened:
        wanted = month or newest_reported(opened, datetime.now(SHANGHAI))
        if wanted is None:
            raise Refusal("还没有任何有效报表；请先提交报表（shequ submit）")
        if wanted not in opened.life().reported:
            raise Refusal(f"{months.label(wanted)}没有任何有效报表，不予成版；请核对月份，或先提交报表（shequ submit）")
        checked(opened, wanted, warn, report)
        due = [wanted, *returned_lists.closed_since(opened, settings)]
        edition = next(e for e in publish_months(opened, settings, due, by, report) if e.month == wanted)
        require_whole(verify_files.touched_faults(opened, edition.folder))
    return edition


def checked(
    opened: Warehouse,
    month: date,
    warn: Callable[[str], None] | None = None,
    report: Progress | None = None,
) -> None:
    """Compute the month's figures and run all checks. Errors: `Refusal` where a blocking one fails."""
    update.bring_up_to_date(opened, month, report)
    verdicts = [
        verdict for stage in warehouse_checks.STAGES for verdict in warehouse_checks.examine(opened, stage, [month])
    ]
    warehouse_checks.require(verdicts)
    for verdict in verdicts:
        if warn and not verdict.holds:
            warn(str(verdict))


def require_whole(faults: list[str]) -> None:
    """Errors: `Refusal` where files of a published edition differ from its manifest."""
    if faults:
        more = f"等 {len(faults)} 个文件" if len(faults) > 3 else ""
        raise Refusal(f"发布版有损坏（{'；'.join(faults[:3])}{more}），未生成报告；请运行 shequ rebuild，由档案补回")


def newest_reported(opened: Warehouse, now: datetime) -> date | None:
    """The newest month that is over and has an accepted report of its own."""
    today = now.astimezone(SHANGHAI).date()
    over = (month for month in reversed(opened.life().reported) if months.last_day(month) < today)
    return next((month for month in over if gate.has_own_report(opened, month)), None)


def publish_month(opened: Warehouse, settings: Settings, month: date, by: str = "系统") -> Edition:
    """One month's edition from a warehouse already open; released where the gate is open."""
    edition = publish(opened, settings, month, by)
    gate.let_through(opened, month, edition.label, datetime.now(SHANGHAI))
    return edition


def publish_months(
    opened: Warehouse, settings: Settings, wanted: list[date], by: str = "系统", report: Progress | None = None
) -> list[Edition]:
    """Publish the wanted months with reports, and the current and newest working editions that hold them; release by the gate."""
    reported = opened.life().reported
    due = sorted({*wanted, *_reached(opened, settings, max(wanted))} & set(reported))
    made = []
    for done, month in enumerate(due, 1):
        made.append(publish_month(opened, settings, month, by))
        if report:
            report(done, len(due), months.label(month))
    return made


def _reached(opened: Warehouse, settings: Settings, month: date) -> set[date]:
    """Later months whose edition is current or the newest working one."""
    looked_at = [
        edition_folders.current(settings.releases),
        *edition_folders.usable(settings.releases, opened.archive)[-1:],
    ]
    later = {months.parse(folder.parent.name) for folder in looked_at if folder}
    return {other for other in later if other > month}


def publish_working(opened: Warehouse, settings: Settings, report: Progress | None = None) -> list[Edition]:
    """A working edition of the newest month after a batch of the inbox; none where no figure changed."""
    month = newest_reported(opened, datetime.now(SHANGHAI))
    if month is None:
        return []
    edition = publish(opened, settings, month, "收件箱", report, only_figures=True)
    return [edition] if edition.new else []
