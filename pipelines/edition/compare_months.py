"""Why a figure moved between any two months of a release, exactly (semantics §7): the output of `shequ compare`."""

import itertools
from collections.abc import Collection
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import get_args

import duckdb

from pipelines import months
from pipelines.edition import edition_folders, register_from_edition
from pipelines.edition.figure_types import Change, Part, Parts
from pipelines.edition.open_edition import Release, open_folder
from pipelines.errors import Refusal
from pipelines.figures import change_breakdown
from pipelines.figures.change_breakdown import LATE, STEPS, Compared, Counted, MonthTables
from pipelines.reference.policy.register import Register
from pipelines.reference.strict_yaml import suggest
from pipelines.warehouse import projection

# in the order of the steps
PARTS: tuple[Part, ...] = get_args(Part)
Key = tuple[str, str, str]  # indicator, level, unit
Steps = dict[str, Counted]


def compare(
    release: Release,
    m1: date,
    m2: date,
    indicator: str | Collection[str] | None = None,
    unit: str | None = None,
    policy: str | None = None,
) -> list[Change]:
    """The change of every figure of city and counties from `m1` to `m2`, split in five parts, with the keys of `shequ compare --json`.
    Of some indicators only where `indicator` names them.

    `from` and `to` are the values and `parts` the changes in the indicator's unit (percentage points of a share), each an exact fraction
    `n/d`; the parts add up to `to` − `from`. A county that went on under another code has its later one. `counties` splits a city's
    parts by county, adding up to them exactly. Where a month has no value, `from` or `to` is null, and the other value is attributed to the
    step at which it appears or disappears: reporting, or boundary where the roster is the cause.
    `m1` is read from its latest edition on the same shelf.
    Errors: `Refusal` for months that the release does not hold, an unknown indicator or unit, or a unit below the county.
    """
    asked = {indicator} if isinstance(indicator, str) else indicator
    _check(release, m1, m2, asked)
    con, compared = _loaded(release, m1, m2, _policy(release, policy), asked)
    with con:
        counted = change_breakdown.steps(con, compared) if compared.register.indicators else {}
    order = [row["indicator"] for row in release.rows("SELECT indicator FROM indicator ORDER BY position")]
    wanted = [key for key in counted if unit in (None, key[2])]
    if unit and not wanted:
        raise Refusal(f"{months.label(m1)}和{months.label(m2)}没有代码为 {unit} 的县（市、区）；比较只到县一级")
    wanted.sort(key=lambda key: (order.index(key[0]), key[1], key[2]))
    counties = _counties(counted)
    return [_change(key, counted[key], counties.get(key[0], {}) if key[1] == "city" else {}) for key in wanted]


def _check(release: Release, m1: date, m2: date, asked: Collection[str] | None) -> None:
    for month in (m1, m2):
        if months.key(month) not in release.manifest["months"]:
            span = f"{release.manifest['months'][0]} 至 {release.manifest['months'][-1]}"
            raise Refusal(f"发布版 {release.label} 没有 {months.key(month)} 的数字；它包含 {span}")
    if m1 >= m2:
        raise Refusal(f"前一个月份（{months.key(m1)}）应早于后一个（{months.key(m2)}）")
    known = [row["indicator"] for row in release.rows("SELECT indicator FROM indicator")]
    for indicator in set(asked or ()).difference(known):
        raise Refusal(f"没有指标 {indicator}{suggest(indicator, known)}")


def _policy(release: Release, policy: str | None) -> str:
    known = [row["id"] for row in release.rows("SELECT id FROM policy")]
    if policy is not None and policy not in known:
        raise Refusal(f"没有政策 {policy}；现有：{'、'.join(known)}")
    return policy or known[0]


# ---- loading both months


def _loaded(
    release: Release, m1: date, m2: date, policy: str, indicators: Collection[str] | None
) -> tuple[duckdb.DuckDBPyConnection, Compared]:
    """Both months in an in-memory database, because a release's connection can read only that release."""
    con, asked = projection.connect(":memory:"), register_from_edition.form(release)
    register = register_from_edition.register(release, policy, asked)
    if indicators is not None:
        register = replace(register, indicators=tuple(item for item in register if item.id in indicators))
    before, after = load_month(con, "earlier", release, m1, register), load_month(con, "later", release, m2, register)
    published, redefined, name = before, False, f"register:{policy}"
    folder = edition_folders.latest_edition(release.folder.parent.parent, m1)
    if folder is not None and folder != release.folder:
        sibling = open_folder(folder)
        redefined = sibling.manifest["reference"].get(name) != release.manifest["reference"][name]
        published = load_month(con, "published", sibling, m1, register)
        sibling.close()
    city = release.rows("SELECT any_value(unit) AS code FROM figure WHERE level = 'city'")[0]["code"]
    return con, Compared(register, asked, city, m1, published, before, after, redefined)


def load_month(
    con: duckdb.DuckDBPyConnection, name: str, release: Release, month: date, register: Register
) -> MonthTables:
    """One month's tables of a release in another database, under `name`: the columns that the register's indicators read."""
    names, policy, used = [], register.policy.id, _columns(register)
    for table in ("standing", "county_standing", f"state-{policy}", f"county_state-{policy}"):
        wanted = f"SELECT COLUMNS(lambda c: c IN {used}) FROM \"{table}\" WHERE month = DATE '{month}'"
        with release.con.cursor() as cursor:
            rows = cursor.sql(wanted).to_arrow_table()
        con.register("incoming", rows)
        names.append(f'"{name}:{table}"')
        con.execute(f"CREATE TABLE {names[-1]} AS SELECT * FROM incoming")
        con.unregister("incoming")
    return MonthTables(*names)


_KEYS = (
    "month", "unit", "uid", "kind", "town", "town_code", "county", "county_code", "carried", "municipal_district", "shared_funding",
    "has_villages",
)  # fmt: skip


def _columns(register: Register) -> str:
    """As a list of SQL: columns of answers and states that the indicators are counted from, in any of the tables."""
    asked = {name.rpartition(".")[2] for indicator in register for name in indicator.fields}
    asked |= {rollup.sum for rollup in register.rollups.values()}
    states = [f"{part}{indicator.id}" for indicator in register for part in ("", "n:", "d:")]
    names = [*_KEYS, *sorted(asked), *(f"reported:{name}" for name in sorted(asked)), *states]
    return "(" + ", ".join(f"'{name}'" for name in names) + ")"


# ---- parts


def _counties(counted: dict[Key, Steps]) -> dict[str, dict[str, Steps]]:
    """Indicator → counties in order of their codes."""
    by_indicator: dict[str, dict[str, Steps]] = {}
    for indicator, level, unit in sorted(counted):
        if level == "county":
            by_indicator.setdefault(indicator, {})[unit] = counted[indicator, level, unit]
    return by_indicator


def _change(key: Key, steps: Steps, inside: dict[str, Steps]) -> Change:
    """`inside`: the counties of a city."""
    first, last = (_value(steps.get(step)) for step in (STEPS[0], STEPS[-1]))
    return {
        "indicator": key[0],
        "unit": key[2],
        "from": None if first is None else _text(first),
        "to": None if last is None else _text(last),
        "parts": _texts(_parts(_values(steps), _is_there(steps))),
        "counties": [{"unit": unit, "parts": _texts(_share_of(of, steps))} for unit, of in inside.items()],
    }


def _values(steps: dict[str, Counted]) -> list[Fraction | None]:
    """Value at each step; reports that came late or were withdrawn count as reporting where they alone make or end 无数据."""
    before = steps.get("redefined")
    values = {step: _value(steps.get(step)) for step in STEPS}
    came = before is not None and before.is_silent and None not in (values["corrected"], values["now"])
    went = values["redefined"] is not None and "corrected" in steps and values["corrected"] is None
    if came or (went and "now" in steps and steps["now"].is_silent):
        values |= dict.fromkeys(LATE, values["redefined"])
    return list(values.values())


def _value(counted: Counted | None) -> Fraction | None:
    return Fraction(counted.factor * counted.yes, counted.scope) if counted and counted.has_value else None


def _parts(values: list[Fraction | None], is_there: bool) -> dict[Part, Fraction]:
    """The change at each step, split as in the edition's table `movement`. A value that appears or disappears is attributed to the step at
    which it does; for a place that exists at one end only, all of the change is boundary. A step without a value is skipped: its change
    goes to the next step that has one.
    """
    if not is_there:
        return dict.fromkeys(PARTS, Fraction(0)) | {
            "boundary": (values[-1] or Fraction(0)) - (values[0] or Fraction(0))
        }
    chain = _filled(values) if values[-1] is not None else _filled(values[::-1])[::-1]
    steps = zip(PARTS, itertools.pairwise(chain), strict=True)
    return {name: (now or Fraction(0)) - (before or Fraction(0)) for name, (before, now) in steps}


def _filled(values: list[Fraction | None]) -> list[Fraction | None]:
    def later(before: Fraction | None, now: Fraction | None) -> Fraction | None:
        return before if now is None else now

    return list(itertools.accumulate(values, later))


def _is_there(steps: dict[str, Counted]) -> bool:
    return STEPS[0] in steps and STEPS[-1] in steps


def _share_of(county: dict[str, Counted], city: dict[str, Counted]) -> dict[Part, Fraction]:
    """A county's part of the city's change: what it has of the city's numerator, over the city's denominator, at each step."""
    values = [_over(county.get(step), city[step]) for step in STEPS]
    return _parts(values, _is_there(city))


def _over(county: Counted | None, city: Counted) -> Fraction | None:
    if not city.has_value:
        return None
    return Fraction(city.factor * (county.yes if county else 0), city.scope)


def _text(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"


def _texts(parts: dict[Part, Fraction]) -> Parts:
    return {name: _text(value) for name, value in parts.items()}
