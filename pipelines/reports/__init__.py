"""The reports of a release: the brief (docx), the tables (xlsx), the page (html). All three say the same figures."""

from collections.abc import Sequence
from pathlib import Path

from pipelines import months
from pipelines.archive.store import write_durably
from pipelines.edition.open_edition import Release
from pipelines.reports import brief_docx, page_html, tables_xlsx
from pipelines.reports.facts import Facts, gather
from pipelines.reports.variants import VARIANTS, Variant, of_month

__all__ = ["VARIANTS", "Variant", "file_names", "of_month", "write_reports"]

_WRITERS = {"docx": brief_docx.build, "xlsx": tables_xlsx.build, "html": page_html.build}


def write_reports(
    release: Release, folder: Path, variant: Variant | None = None, caveats: Sequence[str] = ()
) -> list[Path]:
    """Write the reports of a release into `folder`, for every policy in force; returns them.

    `variant`: month, quarter or year; by default what the month calls for. `caveats` say what reference data is
    old (`pipelines.reference.age`). Nothing but the release is read, so the
    reports of an old edition come out the same whenever they are made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    variant = variant or of_month(release.month)
    policies = [row["id"] for row in release.rows("SELECT id FROM policy ORDER BY since")]
    made: dict[Path, bytes] = {}
    for policy in policies:
        facts = gather(release, policy, variant.back, caveats)
        for name, build in zip(file_names(facts, variant, len(policies) > 1), _WRITERS.values(), strict=True):
            made[folder / name] = build(facts, variant)
    # all are made before one is written, and each is there whole or not at all
    for path, content in made.items():
        write_durably(path, content)
    return list(made)


def file_names(facts: Facts, variant: Variant, several: bool = False) -> list[str]:
    """`邢台市城乡社区治理月报_2020-05_第1版.docx` and so on; with the policy's id where there are several policies."""
    policy = f"_{facts.policy['id']}" if several else ""
    stem = f"{facts.city}城乡社区治理{variant.name}_{months.key(facts.month)}_第{facts.release.edition}版{policy}"
    return [f"{stem}.{kind}" for kind in _WRITERS]
