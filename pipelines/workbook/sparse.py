"""Collects cells one by one and makes rows of them; the area is checked before it is allocated."""

from pipelines.workbook.address import cell as a1
from pipelines.workbook.grid import Limits, Row, Unreadable


class Sparse:
    """Cells by row and column, 0-based. An error is stored as None. Errors: `Unreadable` for a cell that occurs twice."""

    def __init__(self, limits: Limits):
        self.limits, self.count = limits, 0
        self._columns, self._most = limits.columns, limits.cells
        self._rows: dict[int, dict[int, object]] = {}

    def put(self, row: int, col: int, value: object) -> None:
        """Set a cell."""
        cells = self._rows.get(row)
        if cells is None or col in cells or not 0 <= col < self._columns or self.count >= self._most:
            cells = self._checked(row, col)
        self.count += 1
        cells[col] = value

    def _checked(self, row: int, col: int) -> dict[int, object]:
        """The cells of a row, of a new one too, in which there is room for one more."""
        if not 0 <= row < self.limits.rows or not 0 <= col < self._columns:
            raise Unreadable("damaged", f"单元格在第{row + 1}行第{col + 1}列，超出工作表")
        if self.count >= self._most:
            raise Unreadable("too_large", f"数据超过 {self._most:,} 个单元格")
        cells = self._rows.setdefault(row, {})
        if col in cells:
            raise Unreadable("damaged", f"单元格 {a1(row + 1, col + 1)} 出现两次")
        return cells

    def put_row(self, row: int, cells: list[tuple[int, object]]) -> None:
        """The same for the cells of a row, in the order of their columns."""
        limits = self.limits
        fits = 0 <= row < limits.rows and cells[-1][0] < limits.columns and self.count + len(cells) <= limits.cells
        if fits and row not in self._rows:
            self.count += len(cells)
            self._rows[row] = dict(cells)
            return
        for col, value in cells:
            self.put(row, col, value)

    def rows(self) -> list[Row]:
        """Rows from row 1 on; blanks are None, trailing ones left out."""
        filled = {row: cells for row, cells in self._rows.items() if any(v is not None for v in cells.values())}
        if sum(max(cells) + 1 for cells in filled.values()) > self.limits.cells:
            raise Unreadable("too_large", f"数据区超过 {self.limits.cells:,} 个单元格，请检查最右一列是否误填")
        return [_dense(filled[row]) if row in filled else [] for row in range(max(filled, default=-1) + 1)]


def _dense(cells: dict[int, object]) -> Row:
    row: Row = [None] * (max(cells) + 1)
    for col, value in cells.items():
        row[col] = value
    while row and row[-1] is None:
        row.pop()
    return row
