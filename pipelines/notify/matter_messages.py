"""Messages about newly open matters: one to the clerk, one to each county with an address."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from pipelines import months
from pipelines.intake.matter_remedies import TO_DO
from pipelines.intake.open_matters import KIND_NAMES, Matter
from pipelines.notify.contacts import Contacts
from pipelines.notify.messages import Message

# a mail lists this many; the page has all
_LISTED = 20
# what a county can do something about
_OF_COUNTY = ("refused_file", "unknown_unit", "held_row", "warning", "waiting_report")


def news(matters: Iterable[Matter], notified: Mapping[str, str]) -> list[Matter]:
    """Open and explained matters whose present state was not notified yet. `notified`: id → state."""
    waiting = (matter for matter in matters if matter["state"] in ("open", "explained"))
    return [matter for matter in waiting if notified.get(matter["id"]) != matter["state"]]


def written(fresh: list[Matter], names: Mapping[str, str], known: Contacts, now: datetime) -> list[Message]:
    """One message to the clerk, one to each county concerned that has an address. `names`: county code → name."""
    if not fresh:
        return []
    messages = [_to_clerk(fresh, names, known, now)]
    for code in sorted(known.counties.keys() & {matter["county"] for matter in fresh}):
        own = [m for m in fresh if m["county"] == code and m["kind"] in _OF_COUNTY and m["state"] == "open"]
        if own:
            messages.append(_to_county(code, own, names, known, now))
    return messages


def _to_clerk(fresh: list[Matter], names: Mapping[str, str], known: Contacts, now: datetime) -> Message:
    counted, link = _counted(fresh), known.page("reporting?room=matters")
    lines = [_line(matter, names) for matter in fresh[:_LISTED]]
    body = "\n".join([f"新的待办事项：{counted}。", "", *lines, *_rest(fresh), "", *_where(link)]) + "\n"
    return Message(
        f"matters-{_mark(fresh, now)}-city", known.clerk, f"新的待办事项 {len(fresh)} 件", body,
        "matter", f"新的待办事项：{counted}。", link,
    )  # fmt: skip


def _to_county(code: str, own: list[Matter], names: Mapping[str, str], known: Contacts, now: datetime) -> Message:
    name, link = names.get(code, code), known.page("reporting?room=upload")
    lines = [_line(matter, {}) for matter in own[:_LISTED]]
    where_receipt = "回执（标出每一处的报表）可在报送页下载，或向市里索取。"
    body = (
        "\n".join(
            [f"{name}：", "", "你单位的报表有下列事项：", "", *lines, *_rest(own), "", where_receipt, *_where(link)]
        )
        + "\n"
    )
    return Message(
        f"matters-{_mark(own, now)}-{code}", known.counties[code], f"{name}报表有 {len(own)} 件待办事项", body, "matter"
    )


def _line(matter: Matter, names: Mapping[str, str]) -> str:
    county = names.get(matter["county"] or "", "")
    month = months.label(months.parse(matter["month"])) if matter["month"] else ""
    kind = "县里已作说明" if matter["state"] == "explained" else KIND_NAMES[matter["kind"]]
    about = "".join(filter(None, (county, month)))
    return f"- {about}{kind}，“{matter['file']}”（第 {matter['seq']} 号）：{matter['message']}\n  怎么办：{TO_DO[matter['kind']]}"


def _counted(matters: list[Matter]) -> str:
    counts = Counter("explained" if m["state"] == "explained" else m["kind"] for m in matters)
    names = {**KIND_NAMES, "explained": "待采纳的情况说明"}
    return "，".join(f"{names[kind]} {count} 件" for kind, count in counts.items())


def _rest(matters: list[Matter]) -> list[str]:
    return [f"另有 {len(matters) - _LISTED} 件，见报送页。"] if len(matters) > _LISTED else []


def _where(link: str) -> list[str]:
    return [link] if link else []


def _mark(matters: list[Matter], now: datetime) -> str:
    """Part of a message's key: the day, and a hash of the matters with their states."""
    states = "\n".join(sorted(f"{matter['id']} {matter['state']} {matter['seq']}" for matter in matters))
    return f"{now:%Y-%m-%d}-{hashlib.sha256(states.encode()).hexdigest()[:12]}"


def returned(
    county: tuple[str, str], month: str, sentence: str, by: str, known: Contacts, now: datetime
) -> Message | None:
    """A message of the city to a county about its report; None where the county has no address."""
    code, name = county
    if code not in known.counties:
        return None
    mark = hashlib.sha256(sentence.encode()).hexdigest()[:12]
    body = f"{name}：\n\n{month}报表，市里{by}意见：{sentence}\n\n请改正或说明后重报。\n"
    return Message(
        f"return-{code}-{now:%Y-%m-%d}-{mark}", known.counties[code], f"{name}{month}报表请改正", body, "matter"
    )
