"""Every page of `docs/` that is generated, and which of them differ from what the program would write now."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from pipelines import settings
from pipelines.answers import findings
from pipelines.documentation import indicator_catalogue, licences_page, succession_page, tables_page
from pipelines.reference import reference_bundle
from pipelines.reference.reference_bundle import Reference

FOLDER = settings.REPOSITORY / "docs"
REFERENCE = settings.REPOSITORY / "data" / "reference"


def _tables(reference: Reference) -> str:
    with tempfile.TemporaryDirectory() as folder:
        return tables_page.page(tables_page.small_release(reference, Path(folder)))


# file name → the whole text, from the repository's own reference data
PAGES: dict[str, Callable[[Reference], str]] = {
    "findings.md": lambda reference: findings.document(findings.load(reference.folder)),
    "indicators.md": lambda reference: indicator_catalogue.page(reference, indicator_catalogue.specs()),
    "licences.md": lambda _: licences_page.page(FOLDER / "licences.md"),
    "succession.md": lambda reference: succession_page.page(reference.rosters),
    "tables.md": _tables,
}


def outdated() -> dict[Path, str]:
    """Path → text as it should be, of every page that is missing or differs."""
    reference = reference_bundle.load(REFERENCE)
    texts = {FOLDER / name: make(reference) for name, make in PAGES.items()}
    return {path: text for path, text in texts.items() if not path.exists() or path.read_text(encoding="utf-8") != text}
