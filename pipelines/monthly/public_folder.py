"""The folder of pages for the public (政务公开): what the ledger says is public and nothing else; each file is replaced atomically."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from pipelines import months
from pipelines.access import roles
from pipelines.archive import public_months, reference_in_force, released_editions
from pipelines.archive.public_months import PublicMonth
from pipelines.archive.store import Archive, Event, write_durably
from pipelines.edition import Release, open_folder
from pipelines.edition.open_edition import with_decisions
from pipelines.edition.phrases import day
from pipelines.errors import Refusal
from pipelines.intake import decisions, month_now, session
from pipelines.reports import gather, office, public_data, public_page
from pipelines.reports.public_page import Publication
from pipelines.settings import Settings, public_folder
from pipelines.system import durable_files, locks

# the marks of the inputs that the pages were made of
_MARKS = ".made.json"


def publicise(month: date, settings: Settings, by: str | roles.Actor) -> Event:
    """Publicise the newest released edition of a month. Errors: `Refusal` where there is none, or it is public already."""
    by = decisions.person(by, "publish", settings, month=months.key(month))
    with session.settled(settings, "公开") as opened:
        events = list(opened.archive.decisions())
        names = opened.life().editions.shown(months.key(month))
        if not names:
            raise Refusal(f"{months.label(month)}没有发布版，不能公开；请先发布（shequ release {months.key(month)}）")
        known = public_months.fold(events).get(month)
        if known and not known.down and known.edition == names[-1]:
            last = known.decisions[-1]
            raise Refusal(f"{names[-1]} 已于 {last.at[:10]} 由{last.by}公开；要撤回用 shequ withdraw {last.seq}")
        return decisions.decide(
            opened, "publicise", {"month": months.key(month), "edition": released_editions.order(names[-1])[1]}, by
        )


def state(settings: Settings, month: date) -> PublicMonth | None:
    """The public state of a month; None where it was never publicised."""
    return public_months.fold(Archive(settings.archive).decisions()).get(month)


def taken_back_by(settings: Settings, seq: int) -> list[date]:
    """Months whose page an event took away: a withdrawal or a retraction."""
    known = public_months.fold(Archive(settings.archive).decisions())
    return [month for month, public in known.items() if public.down and public.down.seq == seq]


def bring_up_to_date(settings: Settings, anew: bool = False) -> None:
    """Write pages that are missing or out of date and remove withdrawn ones; `anew`: write all of them."""
    known = public_months.fold(Archive(settings.archive).decisions())
    if not known:
        return
    folder = public_folder(settings)
    with durable_files.refusing("生成公开页"), locks.hold(settings.data / "warehouse" / "public.lock", "生成公开页"):
        before = {} if anew else _marks(folder)
        wanted = {months.key(month): public.mark for month, public in known.items()}
        due = [public for month, public in known.items() if not _stands(folder, month, before, wanted)]
        _make(folder)
        # withdrawn months first, because the others take long
        for public in sorted(due, key=lambda public: public.down is None):
            _write_month(folder / months.key(public.month), _contents(settings, public))
        if due:
            _write(folder / "index.html", _index(settings, known))
            _write(folder / _MARKS, json.dumps(wanted).encode())


def standing(settings: Settings) -> tuple[list[date], list[date]]:
    """Months whose pages are not what the ledger says, and months of which a later edition was released and is not publicised."""
    known = public_months.fold(Archive(settings.archive).decisions())
    folder, wanted = public_folder(settings), {months.key(month): public.mark for month, public in known.items()}
    made = _marks(folder)
    behind = [month for month in known if not _stands(folder, month, made, wanted)]
    return behind, [month for month, public in known.items() if public.newer]


def _stands(folder: Path, month: date, before: Mapping[str, list[int]], wanted: Mapping[str, list[int]]) -> bool:
    key = months.key(month)
    return (
        before.get(key) == wanted[key] and (folder / key / "index.html").exists() and (folder / "index.html").exists()
    )


def _marks(folder: Path) -> dict[str, list[int]]:
    try:
        marks: dict[str, list[int]] = json.loads((folder / _MARKS).read_text(encoding="ascii"))
        return marks
    except (OSError, ValueError):
        return {}


# ---- contents of a month


def _contents(settings: Settings, public: PublicMonth) -> dict[str, bytes]:
    """The files of a month, the page last."""
    if public.down:
        return {"index.html": public_page.taken_back(public.month, public.down.day)}
    with with_decisions(open_folder(settings.releases / public.edition), settings) as release:
        return _of_release(settings, public, release)


def _of_release(settings: Settings, public: PublicMonth, release: Release) -> dict[str, bytes]:
    caveats, letterhead = month_now.of(settings, public.month).caveats, office.load(settings)
    policies = [row["id"] for row in release.rows("SELECT id FROM policy ORDER BY since")]
    pages = [gather(release, policy, 1, caveats, letterhead) for policy in policies]
    corrections = _corrections(settings, public, policies)
    newer = public.newer.day if public.newer and _differs(settings, public, release, policies) else None
    names = {facts.policy["id"]: f"{facts.policy['id']}.html" for facts in pages[:-1]} | {policies[-1]: "index.html"}
    made = public_data.files(pages, corrections)
    for facts in pages:
        own = tuple(correction for correction in corrections if correction.policy == facts.policy["id"])
        others = tuple(
            (names[other.policy["id"]], f"《{other.policy['title']}》") for other in pages if other is not facts
        )
        published = Publication(_dates(public), own, newer, others)
        made[names[facts.policy["id"]]] = public_page.build(facts, published)
    return made


def _dates(public: PublicMonth) -> tuple[tuple[date, str], ...]:
    return tuple((event.day, released_editions.label(event)) for event in public.decisions)


def _corrections(settings: Settings, public: PublicMonth, policies: list[str]) -> list[public_data.Correction]:
    """One correction per policy and replacement of an edition on the page."""
    corrections = []
    for before, after in zip(public.decisions, public.decisions[1:], strict=False):
        names = released_editions.label(before), released_editions.label(after)
        if names[0] != names[1]:
            corrections += _compared(settings, after.day, names, policies)
    return corrections


def _compared(
    settings: Settings, on: date, names: tuple[str, str], policies: list[str]
) -> list[public_data.Correction]:
    with open_folder(settings.releases / names[0]) as old, open_folder(settings.releases / names[1]) as new:
        return [
            public_data.Correction(on, *names, policy, public_data.changed(old, new, policy)) for policy in policies
        ]


def _differs(settings: Settings, public: PublicMonth, release: Release, policies: list[str]) -> bool:
    """Whether the edition released since has other figures of city or counties."""
    if public.newer is None:
        return False
    with open_folder(settings.releases / released_editions.label(public.newer)) as newer:
        return any(public_data.changed(release, newer, policy) for policy in policies)


def _index(settings: Settings, known: Mapping[date, PublicMonth]) -> bytes:
    listed = []
    for month, public in reversed(list(known.items())):
        dates = _dates(public)
        said = f"{day(dates[-1][0])}公开第{released_editions.order(public.edition)[1]}版"
        said += (
            f"，替代{day(dates[-2][0])}公开的第{released_editions.order(dates[-2][1])[1]}版" if len(dates) > 1 else ""
        )
        said = f"{day(public.down.day)}撤回" if public.down else said
        listed.append((months.key(month), months.label(month), said, public.down is None))
    return public_page.index(reference_in_force.load(settings).rosters.city.name, listed)


# ---- files readable by everybody


def _write_month(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the data, then the page, then remove files that the month no longer has."""
    _make(folder)
    for name, content in files.items():
        _write(folder / name, content)
    for path in folder.iterdir():
        if path.name not in files:
            path.unlink()


def _make(folder: Path) -> None:
    if not folder.exists():
        durable_files.make_folder(folder)
        folder.chmod(0o755)


def _write(path: Path, content: bytes) -> None:
    write_durably(path, content, mode=0o644)
