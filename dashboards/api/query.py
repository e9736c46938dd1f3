"""A question to `/api`: who asks, for what. Wrong questions are refused with an HTTP status and a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from dashboards.queries import edition_data
from pipelines import months
from pipelines.access import roles
from pipelines.access.roles import Actor
from pipelines.edition import Release
from pipelines.settings import Settings


class Refused(Exception):
    """A question that is not answered: HTTP status and the reason in Chinese."""

    def __init__(self, status: int, why: str):
        super().__init__(why)
        self.status = status


@dataclass(frozen=True)
class Query:
    """One question: the person, the installation, the parameters that were given."""

    person: Actor
    settings: Settings
    values: Mapping[str, str]

    def text(self, name: str) -> str | None:
        return self.values.get(name)

    def month(self, name: str = "month") -> date | None:
        return months.parse(self.values[name]) if name in self.values else None

    @cached_property
    def release(self) -> Release:
        """The edition that the question names, else the current one."""
        label = self.text("edition")
        release = edition_data.edition(label) if label else edition_data.newest()[0]
        if release is None:
            raise Refused(404, f"没有发布版 {label}；现有的见 /api/editions" if label else "还没有发布任何月份")
        return release

    @cached_property
    def policy(self) -> str:
        """The policy that the question names, else the edition's first, as on the pages."""
        known = [row["id"] for row in edition_data.policies(self.release)]
        asked = self.text("policy") or known[0]
        if asked not in known:
            raise Refused(400, f"没有政策 {asked}；现有：{'、'.join(known)}")
        return asked

    def may(self, action: str, county: str | None = None) -> bool:
        return roles.may(self.person, action, county)
