"""Publish a month again once a spot check of it is closed, with the check beside the figures."""

from pipelines.access import roles
from pipelines.intake import returned_lists, session
from pipelines.monthly import monthly_run, papers
from pipelines.settings import Settings


def follow(settings: Settings, by: str | roles.Actor = "系统") -> list[str]:
    """Publish the months of lists closed since their newest edition, and later months of that series; returns edition names."""
    with session.settled(settings, "加注抽查") as opened:
        due = returned_lists.closed_since(opened, settings)
        if not due:
            return []
        name = by if isinstance(by, str) else by.name
        made = [edition for edition in monthly_run.publish_months(opened, settings, due, name) if edition.new]
    papers.issue_latest(settings, [edition.month for edition in made])
    return [edition.label for edition in made]
