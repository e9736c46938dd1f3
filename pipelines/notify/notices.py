"""The counties' notices (督办通知) by mail: each with its own docx and xlsx, once an edition and county."""

import base64
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from pipelines import months
from pipelines.edition import open_release
from pipelines.edition.table_rows import CountyName
from pipelines.errors import Refusal
from pipelines.intake import month_now
from pipelines.notify import dispatch
from pipelines.notify.contacts import Contacts
from pipelines.notify.messages import Message
from pipelines.reports import county_notice, gather, office
from pipelines.reports.facts import Facts
from pipelines.settings import Settings

# bytes of one mail's attachments; in a mail they take a third more, and servers commonly take 10 MB
MOST = 5 * 2**20


class Sent(NamedTuple):
    """Names of the counties whose notice was written down to be sent, of those that had it before, and of those without an address."""

    written: list[str]
    before: list[str]
    without: list[str]


def write(settings: Settings, month: date | None, by: str, most: int = MOST) -> Sent:
    """Queue the mails to all counties with an address, of the newest edition of `month`. Errors: `Refusal` where none has one."""
    known, sent = dispatch.known(settings), Sent([], [], [])
    with open_release(month, settings=settings) as release:
        facts = gather(release, None, 1, (), office.load(settings))
        reached = [county for county in facts.counties if county["unit"] in known.counties]
        if not reached:
            raise Refusal(
                "data/contacts.yaml 里没有县（市、区）的地址，没有发送；通知可用 shequ tasks --out 生成后另行送达"
            )
        answer_by = due(settings, release.month)
        for county in facts.counties:
            if county not in reached:
                sent.without.append(county["short"])
                continue
            new = dispatch.outbox(settings).put([message(facts, county, answer_by, by, known, most)])
            (sent.written if new else sent.before).append(county["short"])
    return sent


def due(settings: Settings, month: date) -> date:
    """Until when a month's notice is to be answered: with the next month's report."""
    return month_now.of(settings, months.add(month, 1)).usual_due


def message(facts: Facts, county: CountyName, answer_by: date, by: str, known: Contacts, most: int = MOST) -> Message:
    """The mail of one county: counts in its words, the notice and its workbook as attachments; what is too large is named instead."""
    attached, left = _attached(county_notice.files(facts, county, answer_by), most)
    key, label = f"notice-{months.key(facts.month)}-{facts.release.edition}-{county['unit']}", months.label(facts.month)
    body = [
        f"{county['name']}：", "", county_notice.standing(facts, county) + county_notice.promised(facts, county),
        county_notice.asked(facts, county, answer_by), *[f"“{name}”过大，没有附上，请向市里索取。" for name in left],
        "", f"经办人：{by}", known.page(f"tasks?county={county['unit']}"),
    ]  # fmt: skip
    subject = f"{county['short']}{label}城乡社区治理督办通知（第{facts.release.edition}版）"
    text = "\n".join(body).rstrip() + "\n"
    return Message(key, known.counties[county["unit"]], subject, text, "matter", files=attached)


def _attached(files: Mapping[str, bytes], most: int) -> tuple[dict[str, str], list[str]]:
    """Files in base64 as long as they fit together, the first ones first; names of the others."""
    attached: dict[str, str] = {}
    left, room = [], most
    for name, content in files.items():
        if len(content) > room:
            left.append(name)
            continue
        room -= len(content)
        attached[name] = base64.b64encode(content).decode()
    return attached, left
