"""The paths of `/api`: what each gives, by which parameters, and how it is selected. The commands of the same names give the same rows."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dashboards import request_identity
from dashboards.api import rows
from dashboards.api.query import Query, Refused
from dashboards.queries import edition_data, submission_rows
from pipelines import months
from pipelines.access.roles import ACTIONS
from pipelines.edition import compare_months, figure_list
from pipelines.edition.edition_folders import current
from pipelines.edition.figure_types import Change, Figure
from pipelines.edition.progress_rows import Task
from pipelines.intake import answer_matters
from pipelines.intake.open_matters import Matter

_MONTH = {"type": "string", "pattern": r"^\d{4}-(0[1-9]|1[0-2])$"}
_TEXT = {"type": "string"}


@dataclass(frozen=True)
class Parameter:
    """A parameter of the query: its meaning in Chinese, an example, its JSON schema."""

    about: str
    example: str
    schema: Mapping[str, Any] = field(default_factory=lambda: _TEXT)
    required: bool = False


@dataclass(frozen=True)
class Endpoint:
    """A path: what it gives (the answer is a list of `row`) and by which parameters."""

    about: str
    row: type[Any]
    answer: Callable[[Query], list[dict[str, Any]] | list[Figure] | list[Change] | list[Matter]]
    parameters: Mapping[str, Parameter]


_EDITION = {
    "edition": Parameter("发布版，年月/版次；不写则为当前发布版", "2020-06/1"),
    "policy": Parameter("政策代码；不写则为第一项", "opinions-2018"),
}
_OF_MONTH = {"month": Parameter("月份；不写则为发布版的月份", "2020-06", _MONTH), **_EDITION}
_INDICATOR = {"indicator": Parameter("指标代码，见 /api/indicators", "platform_urban")}


# ---- answers


def _editions(query: Query) -> list[dict[str, Any]]:
    shown = current(query.settings.releases)
    return [_edition(edition_data.manifest(str(folder)), folder == shown) for folder in edition_data.editions()]


def _edition(manifest: dict[str, Any], shown: bool) -> dict[str, Any]:
    return {
        "edition": f"{manifest['month']}/{manifest['edition']}", "month": manifest["month"], "number": manifest["edition"],
        "kind": manifest["kind"], "published_at": manifest["published_at"], "as_of": manifest["as_of"], "months": manifest["months"],
        "sample": bool(manifest.get("sample")), "current": shown,
    }  # fmt: skip


def _indicators(query: Query) -> list[dict[str, Any]]:
    rows = edition_data.indicators(query.release, query.policy)
    return [
        {
            "policy": row["policy"], "indicator": row["indicator"], "name": row["name"], "clause": row["clause"], "quote": row["quote"],
            "unit": row["unit"], "counted": row["counted"], "headline": row["headline"], "target": row["goal"],
            "due": row["goal_due"] and months.key(row["goal_due"]),
        }
        for row in rows
    ]  # fmt: skip


def _figures(query: Query) -> list[Figure]:
    level, unit, indicator = query.text("level"), query.text("unit"), query.text("indicator")
    if level == "community":
        return _communities(query, unit, indicator)
    now = query.text("divisions") == "now"
    return figure_list.figures(query.release, query.month(), level, unit, indicator, query.policy, now)


def _communities(query: Query, unit: str | None, indicator: str | None) -> list[Figure]:
    """Figures of single units, of the counties whose units the person may see."""
    _require(query, "units")
    if unit is None and indicator is None:
        raise Refused(400, "level=community 须写明 unit 或 indicator")
    rows = figure_list.figures(query.release, query.month(), "community", unit, indicator, query.policy)
    own = request_identity.counties(query.person)
    return rows if own is None else [row for row in rows if row["unit"] in _units_of(query, own)]


def _units_of(query: Query, counties: Iterable[str]) -> set[str]:
    month = query.month() or query.release.month
    sql = "SELECT unit FROM standing WHERE month = ? AND list_contains(?::VARCHAR[], county_code)"
    return {row["unit"] for row in edition_data.rows(query.release, sql, month, tuple(counties))}


def _compare(query: Query) -> list[Change]:
    asked = (query.month("from"), query.month("to"), query.text("indicator"), query.text("unit"), query.policy)
    return edition_data.computed(compare_months.compare, query.release, *asked)


def _tasks(query: Query) -> list[dict[str, Any]]:
    county, month = query.text("county"), query.month() or query.release.month
    if months.key(month) not in query.release.manifest["months"]:
        raise Refused(400, f"发布版 {query.release.label} 没有 {months.key(month)} 的数字")
    known = {row["unit"] for row in edition_data.rows(query.release, "SELECT unit FROM county")}
    if county and county not in known:
        raise Refused(400, f"{months.label(query.release.month)}没有代码为 {county} 的县（市、区）")
    known_tasks = submission_rows.tasks(query.release, query.policy, month)
    return [_task(query, task) for task in known_tasks if county in (None, task["county"])]


def _task(query: Query, task: Task) -> dict[str, Any]:
    """Names of units and the counties' words are for those who may see them."""
    seen = query.may("units", task["county"])
    return {
        **task, "opened": months.key(task["opened"]), "closed": task["closed"] and months.key(task["closed"]),
        "due": task["due"].isoformat(), "units": task["units"] if seen else [], "replies": task["replies"] if seen else [],
    }  # fmt: skip


def _matters(query: Query) -> list[Matter]:
    """What the page 报送 lists under 待办事项, for those who have it, of their counties."""
    _require(query, "submit")
    own = request_identity.counties(query.person)
    kept = answer_matters.kept(query.settings, query.month())
    return [matter for matter in kept if own is None or matter["county"] in own]


def _require(query: Query, action: str) -> None:
    """Errors: `Refused` for a person whose role has no such right in any county."""
    counties = query.person.counties or (None,)
    if not any(query.may(action, county) for county in counties):
        raise Refused(403, f"{query.person.name}（{query.person.role}）不能{ACTIONS[action]}")


ENDPOINTS: dict[str, Endpoint] = {
    "editions": Endpoint("全部发布版，新的在前", rows.EditionRow, _editions, {}),
    "indicators": Endpoint("指标：名称、出处、目标、期限", rows.IndicatorRow, _indicators, _EDITION),
    "figures": Endpoint(
        "数字：市、县、乡镇；写明 level=community 时为社区（村），只给可看单位的人",
        Figure,
        _figures,
        {
            "level": Parameter(
                "层级；不写则为市、县、乡镇", "county", {"type": "string", "enum": list(figure_list.LEVELS)}
            ),
            "unit": Parameter("单位代码", "130524"),
            **_INDICATOR,
            "divisions": Parameter(
                "区划：then 当时，now 发布版当月", "then", {"type": "string", "enum": ["then", "now"]}
            ),
            **_OF_MONTH,
        },
    ),
    "compare": Endpoint(
        "两个月份之间数字为什么变：口径、更正、区划、工作（答案变化）、报送五部分",
        Change,
        _compare,
        {
            "from": Parameter("前一个月份", "2020-05", _MONTH, required=True),
            "to": Parameter("后一个月份", "2020-06", _MONTH, required=True),
            **_INDICATOR,
            "unit": Parameter("市、县代码", "130524"),
            **_EDITION,
        },
    ),
    "tasks": Endpoint(
        "督办事项，关注度高的在前，已办结的在后",
        rows.TaskRow,
        _tasks,
        {"county": Parameter("县（市、区）代码", "130524"), **_OF_MONTH},
    ),
    "matters": Endpoint(
        "等人处理的事，只给可报送的人，只含其所辖县（市、区）",
        Matter,
        _matters,
        {"month": Parameter("月份；不写则全部", "2020-06", _MONTH)},
    ),
}
