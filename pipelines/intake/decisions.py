"""Decisions of the city: approve, reopen, waive, resolve."""

from collections.abc import Callable
from datetime import date

from pipelines import months
from pipelines.access import roles
from pipelines.answers import match_unit
from pipelines.archive.store import Event
from pipelines.errors import Refusal
from pipelines.intake import file_names, inbox, month_status
from pipelines.intake.session import settle, writing
from pipelines.settings import Settings
from pipelines.warehouse.projection import Warehouse


def approve(
    month: date,
    settings: Settings,
    by: str | roles.Actor,
    why: str = "",
    before: Callable[[Warehouse], object] = lambda opened: None,
) -> Event:
    """Lock a month. What is lacking at that moment (`lacking`) stands in the ledger with the approval, and `why` all the same.
    `before` is called under the same lock, once nothing speaks against it: it makes the edition that is approved.

    Errors: `Refusal` when nothing is reported, or it is approved already.
    """
    by = roles.require(by, "approve", settings, month=months.key(month))
    with writing(settings, "审核") as opened:
        settle(opened)
        life = opened.life()
        state = life.month(month)
        if not state.effective:
            raise Refusal(f"{months.label(month)}还没有任何有效报表,不能审核")
        if state.approved:
            raise Refusal(f"{months.label(month)}已于 {state.approved.at[:10]} 由{state.approved.by}审核")
        found = {
            **month_status.month_state(opened, life, month),
            "inbox": [file_names.of(path) for path in inbox.waiting_files(settings)],
        }
        before(opened)
        told = lacking(found) | ({"why": why} if why.strip() else {})
        return _decide(opened, "approve", {"month": months.key(month), **told}, by)


def lacking(state: dict) -> dict[str, list]:
    """What a month lacks that may be approved, of its `status`: `missing` counties (codes), `refused` files not sent again in order
    (ledger numbers), files in the `inbox` and `unread` ones (ledger numbers). Nothing for a month that cannot be approved."""
    if state["state"] == "approved" or not any(county["seq"] for county in state["counties"]):
        return {}
    found = {
        "missing": [county["code"] for county in state["counties"] if county["seq"] is None],
        "refused": [one["seq"] for one in state["refused"]],
        "inbox": list(state["inbox"]),
        "unread": [one["seq"] for one in state.get("unread", [])],
    }
    return {what: which for what, which in found.items() if which}


def reopen(month: date, why: str, settings: Settings, by: str | roles.Actor) -> Event:
    """Open an approved month again, with the reason; what waited for it comes into force."""
    by = roles.require(by, "reopen", settings, month=months.key(month))
    _need("理由", why)
    with writing(settings, "退回") as opened:
        settle(opened)
        if not opened.life().month(month).approved:
            raise Refusal(f"{months.label(month)}未经审核,无需重开")
        return _decide(opened, "reopen", {"month": months.key(month), "why": why}, by)


def waive(finding: str, why: str, until: date, settings: Settings, by: str | roles.Actor) -> Event:
    """Accept a finding until a month's end, with the reason."""
    by = roles.require(by, "waive", settings, finding=finding)
    _need("理由", why)
    with writing(settings, "豁免") as opened:
        settle(opened)
        rows = opened.con.execute(
            "SELECT DISTINCT phase, severity, month FROM finding JOIN submission USING (seq) WHERE id = ?", [finding]
        ).fetchall()
        if not rows:
            raise Refusal(f"没有编号为 {finding} 的问题;编号见 shequ submit 的输出或回执的问题清单")
        if any(phase == "read" and severity == "error" for phase, severity, _ in rows):
            raise Refusal(f"问题 {finding} 是读不出或认不出的内容,不能豁免,只能改正后重报")
        first = min(month for _, _, month in rows if month)
        if until < first:
            raise Refusal(f"问题 {finding} 出现在{months.label(first)},豁免不能在此之前到期;请改 --until")
        return _decide(opened, "waive", {"finding": finding, "why": why, "until": months.key(until)}, by)


def resolve(finding: str, unit: str, settings: Settings, by: str | roles.Actor) -> Event:
    """Say which unit of the roster an open question means; remembered for the county."""
    by = roles.require(by, "resolve", settings, finding=finding)
    with writing(settings, "认定单位") as opened:
        settle(opened)
        rows = opened.con.execute(
            "SELECT submission.county, submission.month, answer.code, answer.name, answer.town FROM finding "
            "JOIN submission USING (seq) JOIN answer USING (seq, row_no) WHERE id = ? ORDER BY seq DESC", [finding],
        ).fetchall()  # fmt: skip
        if not rows:
            raise Refusal(f"没有编号为 {finding} 的待认定单位;编号见 shequ submit 的输出或回执的问题清单")
        county, month, *written = rows[0]
        known = {u.code: u for u in opened.reference.rosters.units(month) if u.county_code == county}
        if unit not in known:
            raise Refusal(f"{unit} 不是该县{months.label(month)}名册中的单位;请核对代码")
        return _decide(
            opened, "resolve", {"finding": finding, "county": county, "key": match_unit.key(*written), "unit": unit}, by
        )


def _need(what: str, text: str) -> None:
    if not text.strip():
        raise Refusal(f"请写明{what}")


def _decide(opened: Warehouse, kind: str, body: dict, by: str) -> Event:
    event = opened.archive.append(kind, body, by)
    settle(opened)
    return event
