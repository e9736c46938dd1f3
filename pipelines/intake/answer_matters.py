"""Open matters and the answers to them: the county explains; the city accepts, asks again, dismisses."""

from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import NamedTuple

from pipelines import months
from pipelines.access import roles
from pipelines.answers import explanations
from pipelines.archive.store import Archive, Event
from pipelines.errors import Refusal
from pipelines.intake import file_names, month_status, open_matters
from pipelines.intake.decisions import decide, need, person
from pipelines.intake.open_matters import Matter
from pipelines.intake.session import settled
from pipelines.settings import Settings
from pipelines.system import locks
from pipelines.system.durable_files import write_durably
from pipelines.warehouse.projection import Warehouse


def matters(settings: Settings, month: date | None = None) -> list[Matter]:
    """The open matters (of a month), whatever is published. While another task writes, as last kept."""
    try:
        with settled(settings, "查看待办事项", wait=0.0):
            pass
    except locks.Busy:
        pass  # as kept before that task began
    return kept(settings, month)


def kept(settings: Settings, month: date | None = None) -> list[Matter]:
    """The same as last kept, without settling: for a page, which is drawn often."""
    wanted = months.key(month) if month else None
    return [matter for matter in month_status.matters(settings.data) if wanted in (None, matter["month"])]


class Each(NamedTuple):
    """Result of one decision about several matters: events, and the reason for each refused one by id."""

    events: list[Event]
    refused: dict[str, str]


def of_each(ids: Iterable[str], decide: Callable[[str], Event]) -> Each:
    """The same decision about each of several findings or matters: one event each, so that each can be withdrawn separately."""
    done = Each([], {})
    for key in ids:
        try:
            done.events.append(decide(key))
        except Refusal as refused:
            done.refused[key] = str(refused)
    return done


def explain(finding: str, text: str, settings: Settings, by: str | roles.Actor) -> Event:
    """Explain a warning; personal numbers are masked. Errors: `Refusal` for a stock phrase, an error, an unknown finding."""
    if explanations.says_nothing(text):
        raise Refusal(f"“{text.strip()}”没有说明情况；请写明为什么是这样（如何核实、数字从何而来）")
    with settled(settings, "情况说明") as opened:
        matter = _finding(opened, finding)
        by = person(by, "submit", settings, matter["county"], finding=finding)
        return decide(opened, "explain", {"finding": finding, "text": explanations.kept(text)}, by)


def accept(finding: str, settings: Settings, by: str | roles.Actor) -> Event:
    """Accept a county's explanation, which then holds until the value changes; or a report of a month before the policy's first."""
    by = person(by, "waive", settings, finding=finding)
    with settled(settings, "采纳说明") as opened:
        matter = _finding(opened, finding)
        body: dict[str, str | None] = {"finding": finding}
        if matter["kind"] == "month_question":
            body |= {"county": matter["county"], "month": matter["month"]}
        elif matter["state"] == "open":
            raise Refusal(f"问题 {finding} 还没有情况说明，无从采纳；可请县里说明（shequ ask），或豁免（shequ waive）")
        elif matter["state"] == "settled":
            raise Refusal(f"问题 {finding} 已经办结")
        return decide(opened, "accept", body, by)


def ask(matter: str, text: str, settings: Settings, by: str | roles.Actor) -> Event:
    """Ask the county (again) about a finding, or send back with a sentence what does not count: the receipt says it."""
    by = person(by, "waive", settings, finding=matter)
    need("要问什么", text)
    with settled(settings, "追问") as opened:
        _open(opened, matter)
        return decide(opened, "ask", {"finding": matter, "text": explanations.kept(text)}, by)


def dismiss(matter: str, why: str, settings: Settings, by: str | roles.Actor) -> Event:
    """Dismiss a matter with a reason; it opens again where it recurs."""
    by = person(by, "waive", settings, matter=matter)
    need("理由", why)
    with settled(settings, "不予处理") as opened:
        if matter not in {waiting["id"] for waiting in open_matters.collect(opened, opened.life())}:
            raise Refusal(f"没有编号为 {matter} 的待办事项；编号见 shequ matters")
        return decide(opened, "dismiss", {"matter": matter, "why": why.strip()}, by)


# matters that the county may explain; the others it must correct
ANSWERED = ("warning", "month_question")


def _open(opened: Warehouse, key: str) -> Matter:
    """A matter. Errors: `Refusal` where there is none of this id."""
    matter = next((m for m in open_matters.collect(opened, opened.life()) if m["id"] == key), None)
    if matter is None:
        raise Refusal(f"没有编号为 {key} 的待核实问题；编号见 shequ matters")
    return matter


def _finding(opened: Warehouse, finding: str) -> Matter:
    """The matter of a warning. Errors: `Refusal` where there is none, or where it is an error."""
    matter = _open(opened, finding)
    if matter["kind"] not in ANSWERED:
        raise Refusal(f"{finding} 是{open_matters.KIND_NAMES[matter['kind']]}，不能以说明代替改正；请改正后重报")
    return matter


def original(seq: int, folder: Path, settings: Settings) -> Path:
    """Write a submission as it was sent into a folder, its name prefixed with its number. Errors: `Refusal` for no submission."""
    archive = Archive(settings.archive)
    event = next(archive.events(after=seq - 1, until=seq), None)
    if event is None or event.kind != "submission":
        raise Refusal(f"台账第 {seq} 号不是报送的文件" if event else f"台账中没有第 {seq} 号")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{seq}-{file_names.last_part(event.body['file'])}"
    write_durably(path, archive.read(event.body["sha256"]))
    return path
