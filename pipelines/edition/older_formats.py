"""What editions of older formats lack, as nulls and empty tables: whoever reads an edition asks the same of all.

Before format 5 figures had no `known`, no two parts of the gap and no verdicts at the ends, and nothing was in an order of concern.
"""

from pipelines.edition import edition_folders
from pipelines.figures.progress import FIGURE

_STEP = {"concern": "BIGINT", "place_concern": "BIGINT"}
_CONCERN = {
    **dict.fromkeys(("policy", "divisions", "level", "unit"), "VARCHAR"), "month": "DATE", "applicable": "BIGINT", "behind": "BIGINT",
    "missing": "DOUBLE", "rank": "BIGINT",
}  # fmt: skip
_COLUMNS = {"figure": FIGURE, "figure_now": FIGURE, "step": _STEP}


def lacking(columns: dict[str, str]) -> str:
    """SQL of no rows with these columns, to be united by name with what may lack them."""
    return "SELECT " + ", ".join(f"NULL::{kind} AS {name}" for name, kind in columns.items()) + " WHERE FALSE"


def completed(table: str, view: str, written: int) -> str:
    """The statement that makes a view of a table, with the columns that the edition's format (`written`) did not have."""
    if written >= edition_folders.VERDICTS or table not in _COLUMNS:
        return view
    return f"{view} UNION ALL BY NAME {lacking(_COLUMNS[table])}"


def missing(written: int) -> list[str]:
    """Statements that make the tables which the format did not have, empty."""
    return [] if written >= edition_folders.VERDICTS else [f"CREATE VIEW concern AS {lacking(_CONCERN)}"]
