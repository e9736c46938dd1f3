"""The reports of a release: the brief (docx), the tables (xlsx), the page (html). All three say the same figures."""

from collections.abc import Sequence
from pathlib import Path

from pipelines import months
from pipelines.archive.store import write_durably
from pipelines.edition.open_edition import Release
from pipelines.errors import Refusal
from pipelines.reports import brief_docx, page_html, period_changes, tables_xlsx
from pipelines.reports.facts import Facts, gather, of_period
from pipelines.reports.office import Office
from pipelines.reports.report_periods import MONTH, VARIANTS, Variant, of_month

__all__ = ["VARIANTS", "Variant", "file_names", "gather", "of_month", "write_reports"]


def write_reports(
    release: Release,
    folder: Path,
    variant: Variant | None = None,
    caveats: Sequence[str] = (),
    office: Office | None = None,
) -> list[Path]:
    """Write the reports of a release into `folder`, for every policy in force; returns them.

    By default the month's paper, tables and page, and the papers of a quarter and a year that end with the month and whose beginning
    is known. `caveats` say what reference data is old (`pipelines.reference.age`). Of the edition nothing else is read, so that the
    reports of an old edition come out the same whenever they are made.
    Errors: `Refusal` for a quarter's or year's paper that was asked for and cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    policies = [row["id"] for row in release.rows("SELECT id FROM policy ORDER BY since")]
    made: dict[Path, bytes] = {}
    for policy in policies:
        facts = gather(release, policy, 1, caveats, office)
        for (name, kind), content in _contents(facts, variant).items():
            made[folder / _name(facts, name, kind, policy if len(policies) > 1 else "")] = content
    # all are made before one is written, and each is there whole or not at all
    for path, content in made.items():
        write_durably(path, content)
    return list(made)


def _contents(facts: Facts, variant: Variant | None) -> dict[tuple[str, str], bytes]:
    """By variant and kind of file (`月报`, `docx`), what is written."""
    contents: dict[tuple[str, str], bytes] = {}
    if variant in (None, MONTH):
        contents[MONTH.name, "docx"] = brief_docx.build(facts, MONTH)
        contents[MONTH.name, "xlsx"] = tables_xlsx.build(facts, MONTH)
        contents[MONTH.name, "html"] = page_html.build(facts, MONTH)
    for longer in (variant,) if variant else of_month(facts.month):
        if longer is MONTH:
            continue
        period = of_period(facts, longer.back)
        try:
            period_changes.require(period, longer)
        except Refusal:
            if variant:
                raise
            continue
        contents[longer.name, "docx"] = brief_docx.build(facts, longer, period)
    return contents


def file_names(facts: Facts, several: bool = False) -> list[str]:
    """`邢台市城乡社区治理月报_2020-05_第1版.docx` and so on; with the policy's id where there are several policies."""
    return [_name(facts, MONTH.name, kind, facts.policy["id"] if several else "") for kind in ("docx", "xlsx", "html")]


def _name(facts: Facts, variant: str, kind: str, policy: str) -> str:
    stem = f"{facts.city}城乡社区治理{variant}_{months.key(facts.month)}_第{facts.release.edition}版"
    return f"{stem}{f'_{policy}' if policy else ''}.{kind}"
