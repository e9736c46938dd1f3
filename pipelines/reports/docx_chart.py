"""Native charts in a Word paper: the chart part of a small XlsxWriter workbook, put in with it so that “编辑数据” opens the numbers."""

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from docx.document import Document as Paper
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.shared import Mm
from xlsxwriter import Workbook

from pipelines.reports.docx_table import clean

_CHART = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FONT = "仿宋_GB2312"
_MADE = datetime(2000, 1, 1)  # the embedded workbook's own date, which nobody sees: the paper carries the release's


@dataclass(frozen=True)
class Series:
    """One series: name in the legend, values by category (None: no bar), XlsxWriter's format."""

    name: str
    values: Sequence[float | None]
    look: dict[str, Any]


SOLID = {"fill": {"color": "#404040"}, "border": {"color": "#000000", "width": 0.5}}
HATCHED = {
    "pattern": {"pattern": "wide_upward_diagonal", "fg_color": "#404040", "bg_color": "#FFFFFF"},
    "border": {"color": "#000000", "width": 0.5},
}
HOLLOW = {"fill": {"color": "#FFFFFF"}, "border": {"color": "#000000", "width": 0.5}}


def add_bars(
    paper: Paper, categories: Sequence[str], series: Sequence[Series], height_mm: float, title: str, top: float = 100
) -> None:
    """Appends horizontal stacked bars, the first category on top. `title` is read out to those who cannot see it."""

    def draw(workbook: Workbook):
        chart = workbook.add_chart({"type": "bar", "subtype": "stacked"})
        for number, bar in enumerate(series, 1):
            chart.add_series({**_ranges(number, len(categories)), **bar.look, "gap": 45, "overlap": 100})
        chart.set_y_axis(
            {
                "reverse": True,
                "crossing": "max",
                "num_font": _font(9),
                "line": {"color": "#000000"},
                "major_tick_mark": "none",
            }
        )
        chart.set_x_axis(
            {
                "min": 0,
                "max": top,
                "num_font": _font(9),
                "num_format": "0",
                "major_gridlines": {"visible": True, "line": {"color": "#C0C0C0", "width": 0.5}},
            }
        )
        return chart

    _place(paper, draw, categories, series, height_mm, title)


def _ranges(number: int, count: int) -> dict[str, Any]:
    return {
        "name": ["数据", 0, number],
        "categories": ["数据", 1, 0, count, 0],
        "values": ["数据", 1, number, count, number],
    }


def _font(size: float) -> dict[str, Any]:
    return {"name": _FONT, "size": size}


def _place(
    paper: Paper, draw, categories: Sequence[str], series: Sequence[Series], height_mm: float, title: str
) -> None:
    workbook = _workbook(draw, categories, series)
    with zipfile.ZipFile(io.BytesIO(workbook)) as package:
        chart = package.read("xl/charts/chart1.xml").decode()
    number = sum(1 for part in paper.part.package.iter_parts() if "/charts/" in part.partname) + 1
    package = paper.part.package
    data = Part(PackURI(f"/word/embeddings/chart{number}.xlsx"), _XLSX, workbook, package)
    part = Part(PackURI(f"/word/charts/chart{number}.xml"), _CHART, b"", package)
    part._blob = _embedded(chart, part.relate_to(data, RELATIONSHIP_TYPE.PACKAGE)).encode()
    relation = paper.part.relate_to(part, RELATIONSHIP_TYPE.CHART)
    paper.element.body.insert_element_before(parse_xml(_frame(relation, number, height_mm, title)), "w:sectPr")


def _workbook(draw, categories: Sequence[str], series: Sequence[Series]) -> bytes:
    buffer = io.BytesIO()
    workbook = Workbook(buffer, {"in_memory": True})
    workbook.set_properties({"created": _MADE})
    sheet = workbook.add_worksheet("数据")
    for row, name in enumerate(categories, 1):
        sheet.write_string(row, 0, name)
    for column, bar in enumerate(series, 1):
        sheet.write_string(0, column, bar.name)
        for row, value in enumerate(bar.values, 1):
            if value is not None:
                sheet.write_number(row, column, value)
    chart = draw(workbook)
    chart.set_legend({"position": "bottom", "font": _font(9)})
    chart.set_chartarea({"border": {"none": True}, "fill": {"none": True}})
    sheet.insert_chart("F2", chart)
    workbook.close()
    return buffer.getvalue()


def _embedded(chart: str, relation: str) -> str:
    """The chart with East Asian letters in our font, and a link to its numbers."""
    chart = re.sub(
        r'<a:latin typeface="[^"]*"[^/]*/>', f'<a:latin typeface="{_FONT}"/><a:ea typeface="{_FONT}"/>', chart
    )
    chart = re.sub(r"<c:printSettings>.*?</c:printSettings>", "", chart, flags=re.DOTALL)
    link = f'<c:externalData r:id="{relation}"><c:autoUpdate val="0"/></c:externalData>'
    return chart.replace("</c:chartSpace>", f"{link}</c:chartSpace>")


def _frame(relation: str, number: int, height_mm: float, title: str) -> str:
    return f"""
    <w:p xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"
         xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
         xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"
         xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">
      <w:pPr><w:pStyle w:val="Picture"/></w:pPr><w:r><w:drawing>
        <wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="{Mm(156)}" cy="{Mm(height_mm)}"/>
          <wp:docPr id="{100 + number}" name="图{number}" descr="{clean(title).replace('"', "")}"/>
          <wp:cNvGraphicFramePr/>
          <a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/chart">
            <c:chart xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" r:id="{relation}"/>
          </a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>"""
