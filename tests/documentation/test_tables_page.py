"""`docs/tables.md` says what a release holds. Written anew by `python -m tests.documentation.test_tables_page`."""

import tempfile
from datetime import date
from pathlib import Path

from pipelines import settings
from pipelines.documentation import tables_page
from pipelines.edition import open_folder
from tests import small_city
from tests.books import Office

PAGE = settings.REPOSITORY / "docs" / "tables.md"


def described(folder: Path) -> str:
    """The page of a small release."""
    office = Office(folder / "data", small_city.make(folder / "reference", ["130571"]))
    office.send(date(2020, 4, 1), "130571", record={"agency": "是"})
    return tables_page.page(open_folder(office.run().folder))


def test_the_page_of_tables_is_not_stale(tmp_path):
    told = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    assert told == described(tmp_path), "docs/tables.md 已过时;请运行 python -m tests.documentation.test_tables_page"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        PAGE.write_text(described(Path(folder)), encoding="utf-8")
