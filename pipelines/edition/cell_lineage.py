"""From a cell of a workbook to the figures that it feeds."""

import re

from pipelines.edition.figure_types import FedFigure, FeedingCell
from pipelines.edition.open_edition import Release, Row
from pipelines.errors import Refusal

_CELL = re.compile(r"([A-Z]{1,3})([1-9][0-9]*)")


def feeds(release: Release, file: str, cell: str, sheet: str | None = None) -> FeedingCell:
    """The answer read from a cell and the figures it goes into; `file`: name (latest) or SHA-256 prefix. Errors: `Refusal`."""
    matched = _CELL.fullmatch(cell.upper())
    if not matched:
        raise Refusal(f"“{cell}”不是单元格地址；请写成 C12 这样的形式")
    submission = _submission(release, file)
    places = release.rows(
        "SELECT * FROM source WHERE seq = ? AND (? IS NULL OR sheet = ?)", [submission["seq"], sheet, sheet]
    )
    by_cell = {row["cell"]: row for row in places if row["part"] == "county"}
    columns = [row for row in places if row["part"] == "community" and row["cell"] == matched[1]]
    if cell.upper() in by_cell:
        return _county(release, submission, by_cell[cell.upper()])
    if place := _answered(release, submission["seq"], columns, cell.upper(), int(matched[2]), sheet):
        return _community(release, submission, place, place["row_no"])
    raise Refusal(f"文件“{submission['file']}”的 {cell} 不是任何指标的答案（标题、说明或不认识的列）")


def _answered(release: Release, seq: int, columns: list[Row], cell: str, row_no: int, sheet: str | None) -> Row | None:
    """The field, sheet and row number of a cell of 表1. Where several sheets have such a cell and none is named, the first is meant."""
    moved = release.rows("SELECT row_no, field, sheet, cell FROM moved WHERE seq = ? ORDER BY row_no, field", [seq])
    # rows and columns added by a later sheet have numbers on the joined table that the first sheet lacks
    added = {row["field"] for row in moved if row["row_no"] == row_no}
    there = [row for row in moved if row["cell"] == cell and sheet in (None, row["sheet"])]
    return next(
        ({**place, "row_no": row_no} for place in columns if place["field"] not in added), next(iter(there), None)
    )


def _submission(release: Release, file: str) -> Row:
    rows = release.rows(
        "SELECT seq, file, sha256, county, month FROM submission WHERE file = ? OR starts_with(sha256, ?) ORDER BY seq DESC",
        [file, file],
    )
    if not rows:
        raise Refusal(f"发布版 {release.label} 中没有文件“{file}”")
    return rows[0]


def _community(release: Release, submission: Row, place: Row, row_no: int) -> FeedingCell:
    field = place["field"]
    rows = release.rows(
        f'SELECT unit, held, "{field}" AS raw FROM evidence WHERE seq = ? AND row_no = ?',
        [submission["seq"], row_no],
    )
    if not rows:
        raise Refusal(f"文件“{submission['file']}”第 {row_no} 行不是社区（村）")
    used = release.rows(
        f'SELECT month, unit, town_code, county_code, "{_column(release, "standing", field)}" AS value FROM standing WHERE seq = ? AND row_no = ?',
        [submission["seq"], row_no],
    )
    figures = [f for row in used for f in _figures(release, field, row) if _in_scope(release, f, row)]
    return _answer(submission, place, rows[0], used, figures)


def _in_scope(release: Release, figure: FedFigure, row: Row) -> bool:
    """Whether the unit is in the indicator's scope, or its scope is unknown."""
    rows = release.rows(
        f"""SELECT "{figure["indicator"]}" AS state FROM "state-{figure["policy"]}" WHERE month = ? AND unit = ?""",
        [row["month"], row["unit"]],
    )
    return bool(rows) and rows[0]["state"] != 0


def _column(release: Release, table: str, field: str) -> str:
    names = {row["column_name"] for row in release.rows(f"DESCRIBE {table}")}
    return f"reported:{field}" if f"reported:{field}" in names else field


def _answer(submission: Row, place: Row, row: Row, used: list[Row], figures: list[FedFigure]) -> FeedingCell:
    return {
        "file": submission["file"],
        "sha256": submission["sha256"],
        "sheet": place["sheet"],
        "field": place["field"],
        "unit": row.get("unit"),
        "raw": row["raw"],
        "held": row.get("held", False),
        "value": str(used[0]["value"]) if used and used[0]["value"] is not None else None,
        "figures": figures,
    }


def _figures(release: Release, field: str, row: Row) -> list[FedFigure]:
    """Figures of the month (own or carried to) at each level of the unit, of the indicators that use the field."""
    places = [("town", row.get("town_code")), ("county", row["county_code"]), ("city", None)]
    return [
        figure
        for level, unit in places
        for figure in release.rows_as(
            FedFigure,
            """SELECT f.policy, f.indicator, strftime(f.month, '%Y-%m') AS month, f.level, f.unit, f.shown, f.status
               FROM figure_all AS f JOIN indicator AS i USING (policy, indicator)
               WHERE f.month = ? AND f.level = ? AND (? IS NULL OR f.unit = ?)
                 AND (list_contains(i.fields, ?) OR list_contains(i.fields, ?)) ORDER BY i.position""",
            [row["month"], level, unit, unit, field, f"county.{field}"],
        )
    ]


def _county(release: Release, submission: Row, place: Row) -> FeedingCell:
    field = place["field"]
    used = release.rows(
        f'SELECT month, unit AS county_code, "{_column(release, "county_standing", field)}" AS value, "raw:{field}" AS raw '
        "FROM county_standing LEFT JOIN (SELECT month, unit, seq AS own FROM county_source WHERE field = ?) USING (month, unit) "
        "WHERE coalesce(own, seq) = ?",
        [field, submission["seq"]],
    )
    row = {"unit": submission["county"], "raw": used[0]["raw"] if used else None}
    figures = [figure for month in used for figure in _figures(release, field, month) if figure["level"] != "town"]
    return _answer(submission, place, row, used, figures)
