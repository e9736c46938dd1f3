"""Editions that gained a spot check: once a list is closed, its month is published again with the check beside the figures."""

from pipelines.access import roles
from pipelines.intake import returned_lists, session
from pipelines.monthly import monthly_run, papers
from pipelines.settings import Settings


def follow(settings: Settings, by: str | roles.Actor = "系统") -> list[str]:
    """Publish the months whose newest edition does not know yet how a list of theirs ended, and those that hold their figures.

    Returns the names of the editions made. Nothing where nothing was closed since.
    """
    with session.writing(settings, "加注抽查") as opened:
        session.settle(opened)
        due = returned_lists.closed_since(opened, settings)
        if not due:
            return []
        name = by if isinstance(by, str) else by.name
        made = [edition for edition in monthly_run.publish_months(opened, settings, due, name) if edition.new]
    papers.issue_latest(settings, [edition.month for edition in made])
    return [edition.label for edition in made]
