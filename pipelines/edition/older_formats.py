"""Columns and tables that editions of older formats lack, as nulls and empty tables, so that all editions have the same.

Before format 5 figures had no `known`, no two parts of the gap, no verdicts at the ends and no order of concern.
An edition has no `moved` where no 表1 was on several sheets, no `county_source` where no 表2 was joined from several files, and
no tables of spot checks where none was planned.
"""

from collections.abc import Collection

from pipelines.edition import edition_folders
from pipelines.edition.decision_rows import EXPLANATION
from pipelines.figures.progress import FIGURE
from pipelines.verification import spot_tables

_STEP = {"concern": "BIGINT", "place_concern": "BIGINT"}
_CONCERN = {
    **dict.fromkeys(("policy", "divisions", "level", "unit"), "VARCHAR"), "month": "DATE", "applicable": "BIGINT", "behind": "BIGINT",
    "missing": "DOUBLE", "rank": "BIGINT",
}  # fmt: skip
_MOVED = {"month": "DATE", "seq": "BIGINT", "row_no": "INTEGER", **dict.fromkeys(("field", "sheet", "cell"), "VARCHAR")}
_COUNTY_SOURCE = {"month": "DATE", "unit": "VARCHAR", "field": "VARCHAR", "seq": "BIGINT"}
_TABLES = {
    "concern": _CONCERN, "moved": _MOVED, "county_source": _COUNTY_SOURCE, "explanation": dict.fromkeys(EXPLANATION, "VARCHAR"),
    **spot_tables.TABLES,
}  # fmt: skip
_COLUMNS = {"figure": FIGURE, "figure_now": FIGURE, "step": _STEP}


def lacking(columns: dict[str, str]) -> str:
    """SQL of no rows with these columns, for a union by name with a table that may lack them."""
    return "SELECT " + ", ".join(f'NULL::{kind} AS "{name}"' for name, kind in columns.items()) + " WHERE FALSE"


def completed(table: str, view: str, written: int) -> str:
    """The statement that makes a view of a table, with the columns that the edition's format (`written`) did not have."""
    if written >= edition_folders.VERDICTS or table not in _COLUMNS:
        return view
    return f"{view} UNION ALL BY NAME {lacking(_COLUMNS[table])}"


def missing(there: Collection[str]) -> list[str]:
    """Statements that make the tables which an edition does not have, empty; `there`: those that it has."""
    absent = {name: columns for name, columns in _TABLES.items() if name not in there}
    return [f"CREATE VIEW {name} AS {lacking(columns)}" for name, columns in absent.items()]
