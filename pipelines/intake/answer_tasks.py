"""A county's reply to one of its tasks (督办): measures and dates. Only data of a later edition close a task."""

from pipelines import months
from pipelines.access import roles
from pipelines.answers import explanations
from pipelines.archive.store import Event
from pipelines.edition import county_tasks, open_release
from pipelines.edition.open_edition import Release
from pipelines.edition.progress_rows import Task
from pipelines.errors import Refusal
from pipelines.intake.decisions import decide, person
from pipelines.intake.session import settled
from pipelines.settings import Settings


def reply(county: str, indicator: str, text: str, settings: Settings, by: str | roles.Actor) -> Event:
    """Reply to a task of the current release; personal numbers are masked. Errors: `Refusal` for another county, a stock phrase."""
    by = person(by, "submit", settings, county, indicator=indicator)
    if explanations.says_nothing(text):
        raise Refusal(f"“{text.strip()}”没有说明办理情况；请写明采取了什么措施、何时完成")
    with settled(settings, "督办答复") as opened:
        with open_release(settings=settings) as release:
            require_standing(release, county, indicator)
        body = {"month": months.key(release.month), "county": county, "indicator": indicator}
        return decide(opened, "reply", {**body, "text": explanations.kept(text)}, by)


def require_standing(release: Release, county: str, indicator: str) -> None:
    """Errors: `Refusal` where the county has no task of the indicator, or its data has closed it."""
    tasks = [task for task in _of_county(release, county) if task["indicator"] == indicator]
    if not tasks:
        label = months.label(release.month)
        raise Refusal(f"{label}没有 {county} 关于指标 {indicator} 的督办事项；代码见 shequ tasks 各行行首的方括号")
    if all(task["state"] == "closed" for task in tasks):
        closed = months.label(max(task["closed"] for task in tasks if task["closed"]))
        raise Refusal(f"这个督办事项已由{closed}的数据办结，不用答复")


def _of_county(release: Release, county: str) -> list[Task]:
    policies = [row["id"] for row in release.rows("SELECT id FROM policy")]
    return [task for policy in policies for task in county_tasks.tasks(release, policy, county)]
