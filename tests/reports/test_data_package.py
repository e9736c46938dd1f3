"""An edition as a Frictionless Data Package: every column has its meaning, every path its file, and a copied folder opens by itself."""

import json
import shutil
from pathlib import Path

import pytest
from frictionless import Package

from pipelines.edition import Release, open_release


@pytest.fixture(scope="module")
def package(may: Release) -> dict:
    return json.loads((may.folder / "datapackage.json").read_text(encoding="utf-8"))


def test_frictionless_finds_the_package_valid(may: Release):
    """The whole descriptor, and the first rows of tables of every kind; Frictionless reads the first file of a resource."""
    checked = Package.from_descriptor(str(may.folder / "datapackage.json"))
    names = [resource.name for resource in checked.resources]
    assert len(names) == len(set(names)) >= 10
    for name in ("county_standing", "figure", "finding", "submission"):
        report = checked.get_resource(name).validate(limit_rows=20)
        assert report.valid and report.tasks[0].stats["rows"], report.flatten(["fieldName", "message"])[:3]


def test_every_column_has_the_type_that_is_declared(package: dict, may: Release):
    for resource in package["resources"]:
        files = [str(may.folder / path) for path in resource["path"]]
        sql = f"DESCRIBE SELECT * FROM read_parquet({files}, union_by_name = true)"
        stored = {row["column_name"]: row["column_type"] for row in may.rows(sql)}
        declared = {field["name"]: field for field in resource["schema"]["fields"]}
        assert list(declared) == list(stored), resource["name"]
        whole = {name for name, kind in stored.items() if "INT" in kind}
        assert whole == {n for n, f in declared.items() if f["type"] == "integer" or f.get("whole")}, resource["name"]


def test_every_path_is_a_file_of_the_edition_and_no_month_table_is_left_out(package: dict, may: Release):
    paths = {path for resource in package["resources"] for path in resource["path"]}
    assert paths == {path.relative_to(may.folder).as_posix() for path in (may.folder / "tables").rglob("*.parquet")}


def test_every_column_says_what_it_means(package: dict):
    for resource in package["resources"]:
        for field in resource["schema"]["fields"]:
            assert field["title"] != field["name"], (resource["name"], field)


def test_keys_and_code_lists_hold_of_the_data(package: dict, may: Release):
    for resource in package["resources"]:
        view = resource["name"]
        view = f"{view}_all" if may.rows("SELECT 1 FROM duckdb_views() WHERE view_name = ?", [f"{view}_all"]) else view
        if key := resource["schema"].get("primaryKey"):
            columns = ", ".join(f'"{name}"' for name in key)
            assert not may.rows(f'SELECT {columns} FROM "{view}" GROUP BY ALL HAVING count(*) > 1 LIMIT 1'), view
        for field in resource["schema"]["fields"]:
            if resource["name"] == "figure" and (codes := field.get("categories")):
                known = {code["value"] for code in codes}
                values = {row["value"] for row in may.rows(f'SELECT DISTINCT "{field["name"]}" AS value FROM "{view}"')}
                assert values - {None} <= known, field["name"]


def test_a_copied_edition_opens_by_itself(may: Release, tmp_path: Path):
    copy = shutil.copytree(may.folder, tmp_path / "edition", copy_function=shutil.copy)
    with_figures = open_release(Path(copy))
    assert with_figures.label == may.label
    assert with_figures.rows("SELECT count(*) AS n FROM figure") == may.rows("SELECT count(*) AS n FROM figure")
    assert with_figures.rows("SELECT count(*) AS n FROM standing") == may.rows("SELECT count(*) AS n FROM standing")
    with_figures.close()
