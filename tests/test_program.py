"""What makes a result stale: a change in any module that it is computed by, and in no other."""

import ast
import shutil
from datetime import date
from pathlib import Path

import pytest

from pipelines import intake, program
from pipelines.indicators import engine
from tests import small_city
from tests.books import Office

ENTRIES = {
    "a month's figures": "pipelines.indicators.engine",
    "a reading": "pipelines.reading_desk",
    "an edition": "pipelines.release.publishing",
}


@pytest.fixture
def source(tmp_path: Path, monkeypatch) -> Path:
    """A copy of the program's source that a test may change."""
    folder = tmp_path / program.FOLDER.name
    shutil.copytree(program.FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(program, "FOLDER", folder)
    _forget()
    yield folder
    _forget()


def _forget() -> None:
    for cached in (program.digest, program._file, program._imports):
        cached.cache_clear()


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_a_change_counts_in_every_module_of_the_closure_and_in_none_outside(source: Path, entry: str):
    inside, before = program.closure(entry), program.digest(entry)
    for path in source.rglob("*.py"):
        text = path.read_bytes()
        path.write_bytes(text + b"\n# changed\n")
        program.digest.cache_clear()
        assert (program.digest(entry) != before) == (path in inside), path
        path.write_bytes(text)


def test_the_closure_is_what_python_itself_would_import(source: Path):
    for path in source.rglob("*.py"):
        statements = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
        names = {name for node in statements for name in program._imported_names(node)}
        files = {file for name in names for file in map(program._file, program._with_packages(name)) if file}
        assert set(program._imports(path)) == files, path


def test_an_unknown_module_is_refused():
    with pytest.raises(ValueError, match="no module of this program: pipelines\\.nothing"):
        program.digest("pipelines.nothing")


def test_a_month_is_computed_again_when_its_program_changed(source: Path, tmp_path: Path):
    office = Office(
        tmp_path / "data", small_city.measure_only(small_city.make(tmp_path / "reference"), ["facility_rural"])
    )
    office.send(date(2019, 6, 1), "130524")
    assert _computed_anew(office) == []
    (source / "indicators" / "figures.py").write_bytes((source / "indicators" / "figures.py").read_bytes() + b"\n")
    _forget()
    assert _computed_anew(office) == [date(2019, 6, 1)]


def _computed_anew(office: Office) -> list[date]:
    with intake.writing(office.settings, "test") as warehouse:
        return engine.bring_up_to_date(warehouse, date(2019, 6, 1))
