"""The board for notebooks: the pages' HTML with their style; names are no links."""

from collections.abc import Sequence

from dashboards.charts import html_board
from dashboards.charts.html_board import Link
from dashboards.charts.palette import LIGHT, STYLE
from dashboards.queries.row_types import CountyRow, PlaceRow
from dashboards.text import screen_wording
from pipelines.edition import concern


class Drawing:
    """HTML that a notebook shows."""

    def __init__(self, html: str):
        self._html = html

    def _repr_html_(self) -> str:
        return f"<style>{STYLE.read_text(encoding='utf-8')}</style>{self._html}"


def bars(rows: Sequence[PlaceRow]) -> Drawing:
    """Bullet bars of indicators (`dataframes.rows` of one place)."""
    links = [Link("#", row["name"], str(number), screen_wording.target(row)) for number, row in enumerate(rows, 1)]
    return Drawing(html_board.bars(rows, links, "主要指标", LIGHT))


def ranking(rows: Sequence[CountyRow]) -> Drawing:
    """Counties of one indicator, in the order of concern (`dataframes.rows` of level county)."""
    ordered = concern.by_concern(rows)
    return Drawing(html_board.ranking(ordered, [Link("#", row["short"]) for row in ordered], "各县市区", LIGHT))
