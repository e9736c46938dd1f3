"""Formulas that are a reference to an empty cell of the same file: they store 0 and are blanks (semantics §3)."""

from pipelines.workbook.grid import Sheet, Workbook

Place = tuple[str, int, int]


def clear(workbook: Workbook) -> None:
    """Empty the cells whose formula refers to an empty cell, and list the sheets that other sheets refer to."""
    sheets = {sheet.name.casefold(): sheet for sheet in workbook.sheets}
    for sheet in workbook.sheets:
        for address, meant in sheet.references.items():
            source = sheets.get(meant[0].casefold())
            if source is not None and source is not sheet:
                workbook.collected.add(source.name)
            if _is_empty(meant, sheets, set()):
                _empty(sheet, *address)


def _is_empty(place: Place, sheets: dict[str, Sheet], seen: set[Place]) -> bool:
    """Whether a cell is empty or its formula refers to an empty cell."""
    sheet = sheets.get(place[0].casefold())
    if sheet is None or place in seen or len(seen) > 64:
        return False
    address = place[1:]
    if address in sheet.references:
        return _is_empty(sheet.references[address], sheets, seen | {place})
    if address in sheet.errors or address in sheet.unevaluated:
        return False
    return sheet.value(*address) is None


def _empty(sheet: Sheet, row: int, column: int) -> None:
    if 0 < row <= len(sheet.rows) and 0 < column <= len(sheet.rows[row - 1]):
        cells = sheet.rows[row - 1]
        cells[column - 1] = None
        while cells and cells[-1] is None:
            cells.pop()
