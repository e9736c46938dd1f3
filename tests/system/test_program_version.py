"""What makes a result stale: a change in any module that it is computed by, and in no other."""

import ast
import shutil
from datetime import date
from pathlib import Path

import pytest

from pipelines.figures import update
from pipelines.intake import session
from pipelines.system import program_version
from tests import small_city
from tests.books import Office

ENTRIES = {
    "a month's figures": "pipelines.figures.update",
    "a reading": "pipelines.worker.request_handlers",
    "an edition": "pipelines.edition.publish_edition",
}


@pytest.fixture
def source(tmp_path: Path, monkeypatch) -> Path:
    """A copy of the program's source that a test may change."""
    folder = tmp_path / program_version.FOLDER.name
    shutil.copytree(program_version.FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(program_version, "FOLDER", folder)
    _forget()
    yield folder
    _forget()


def _forget() -> None:
    for cached in (program_version.digest, program_version._file, program_version._imports):
        cached.cache_clear()


@pytest.mark.slow
@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_a_change_counts_in_every_module_of_the_closure_and_in_none_outside(source: Path, entry: str):
    inside, before = program_version.closure(entry), program_version.digest(entry)
    for path in source.rglob("*.py"):
        text = path.read_bytes()
        path.write_bytes(text + b"\n# changed\n")
        program_version.digest.cache_clear()
        assert (program_version.digest(entry) != before) == (path in inside), path
        path.write_bytes(text)


@pytest.mark.slow
def test_the_closure_is_what_python_itself_would_import(source: Path):
    for path in source.rglob("*.py"):
        statements = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        names = {name for node in statements for name in program_version._imported_names(node)}
        files = {
            file for name in names for file in map(program_version._file, program_version._with_packages(name)) if file
        }
        assert set(program_version._imports(path)) == files, path


def test_an_unknown_module_is_refused():
    with pytest.raises(ValueError, match="no module of this program: pipelines\\.nothing"):
        program_version.digest("pipelines.nothing")


@pytest.mark.slow
def test_a_month_is_computed_again_when_its_program_changed(source: Path, tmp_path: Path):
    office = Office(
        tmp_path / "data", small_city.measure_only(small_city.make(tmp_path / "reference"), ["facility_rural"])
    )
    office.send(date(2019, 6, 1), "130524")
    assert _computed_anew(office) == [date(2019, 6, 1)]
    assert _computed_anew(office) == []
    changed = source / "figures" / "measure.py"
    changed.write_bytes(changed.read_bytes() + b"\n")
    _forget()
    assert _computed_anew(office) == [date(2019, 6, 1)]


def _computed_anew(office: Office) -> list[date]:
    with session.writing(office.settings, "test") as warehouse:
        return update.bring_up_to_date(warehouse, date(2019, 6, 1))
