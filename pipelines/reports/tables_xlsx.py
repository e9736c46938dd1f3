"""The tables behind the brief as an Excel workbook: one sheet a subject, every figure of city, counties and towns,
definitions, the units that lack an indicator, and all figures once more as one tidy Excel table.

Numbers are numbers; a value stands as the release shows it (one decimal, half up), numerator and denominator beside it are exact.
"""

import io
import re
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_range
from xlsxwriter.worksheet import Worksheet

from pipelines import months
from pipelines.edition import formula_text
from pipelines.edition.phrases import aim, day
from pipelines.reports import explanation_section, figure_cells, finding_lists, spot_section, xlsx_fast_rows
from pipelines.reports.facts import Facts
from pipelines.reports.finding_lists import Head, Value, as_float
from pipelines.reports.indicator_definitions import definition
from pipelines.reports.indicator_figures import Figure, Item
from pipelines.reports.report_periods import Variant


def build(facts: Facts, variant: Variant) -> bytes:
    """The xlsx of a release's month."""
    return _Book(facts, variant).build()


class _Book:
    def __init__(self, facts: Facts, variant: Variant):
        self.facts, self.variant = facts, variant
        self.buffer = io.BytesIO()
        plain = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
        self.book = Workbook(self.buffer, plain)
        self.bodies: dict[int, tuple[int, Sequence[Sequence[Value]]]] = {}
        self.subjects: list[tuple[str, str]] = []
        self.items = {item.id: item for item in facts.items}
        self.figures = figure_cells.read(facts)
        self.above = {(row.indicator, row.unit): row for row in self.figures if row.level != "town"}
        self._formats()

    def build(self) -> bytes:
        made = datetime.fromisoformat(self.facts.release.manifest["published_at"]).replace(tzinfo=None)
        title = f"{self.facts.city}城乡社区治理进展数据表（{self.variant.period(self.facts.month)}{self.facts.sample}）"
        self.book.set_properties({"title": title, "author": "社区治理进展系统", "created": made})
        contents = self.book.add_worksheet("目录")
        for write in (
            self._headline,
            self._city,
            self._matrix,
            self._counties,
            self._towns,
            self._series,
            self._coverage,
            self._checks,
            self._lacking,
            self._findings,
            self._explanations,
            self._definitions,
            self._data,
        ):
            write()
        self._contents(contents, title)
        self.book.close()
        return xlsx_fast_rows.fill(self.buffer.getvalue(), self.bodies)

    def _formats(self) -> None:
        font = {"font_name": "微软雅黑", "font_size": 10, "valign": "vcenter"}
        line = {"border": 1, "border_color": "#BFBFBF"}
        make = self.book.add_format
        self.title = make({**font, "font_size": 15, "bold": True})
        self.note = make({**font, "font_color": "#595959"})
        self.link = make({**font, "font_color": "#1F4E79", "underline": 1})
        self.head = make({**font, **line, "bold": True, "bg_color": "#E7ECF2", "text_wrap": True, "align": "center"})
        self.plain = make(font)
        self.cells = {
            "text": make({**font, **line, "indent": 1}),
            "wrap": make({**font, **line, "indent": 1, "text_wrap": True}),
            "number": make({**font, **line, "num_format": "0.0"}),
            "change": make({**font, **line, "num_format": "+0.0;-0.0;0.0"}),
            "whole": make({**font, **line, "num_format": "#,##0"}),
            # a sum of answers may carry decimals; General would hide the thousands
            "exact": make({**font, **line, "num_format": "#,##0.######"}),
        }

    # ---- one sheet a subject

    def _sheet(self, name: str, about: str, heads: Sequence[Head], rows: int, freeze: int = 2) -> Worksheet:
        """A sheet with title, heads, frozen panes and a print area. The body starts in row 4."""
        sheet = self.book.add_worksheet(name)
        self.subjects.append((name, about))
        sheet.write_string(0, 0, f"{name}（{months.label(self.facts.month)}）", self.title)
        sheet.write_string(1, 0, about, self.note)
        sheet.set_row(0, 24)
        sheet.set_row(2, 32)
        for column, head in enumerate(heads):
            sheet.set_column(column, column, head.width)
            sheet.write_string(2, column, head.name, self.head)
        last = max(3, rows + 2)
        sheet.freeze_panes(3, freeze)
        sheet.autofilter(2, 0, last, len(heads) - 1)
        sheet.print_area(0, 0, last, len(heads) - 1)
        sheet.repeat_rows(2)
        sheet.fit_to_pages(1, 0)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.set_margins(0.5, 0.5, 0.6, 0.6)
        sheet.set_footer(
            f"&L{self.facts.city} {self.facts.release.label}&C第 &P 页，共 &N 页&R{day(self.facts.published)}"
        )
        return sheet

    def _body(self, sheet: Worksheet, heads: Sequence[Head], rows: Sequence[Sequence[Value]]) -> None:
        for number, row in enumerate(rows, 3):
            for column, (head, value) in enumerate(zip(heads, row, strict=True)):
                self._write(sheet, number, column, value, head.kind)

    def _write(self, sheet: Worksheet, row: int, column: int, value: Value, kind: str) -> None:
        if value is None:
            sheet.write_blank(row, column, None, self.cells[kind])
        elif isinstance(value, str):
            sheet.write_string(row, column, value, self.cells[kind])
        else:
            sheet.write_number(row, column, value, self.cells[kind])

    def _bulk(
        self, name: str, about: str, heads: Sequence[Head], rows: Sequence[Sequence[Value]], freeze: int = 2
    ) -> None:
        """A sheet with a long body; only its pattern row is written here."""
        sheet = self._sheet(name, about, heads, len(rows), freeze)
        for column, head in enumerate(heads):
            sheet.write_blank(3, column, None, self.cells[head.kind])
        if rows:
            self.bodies[len(self.book.worksheets())] = (4, rows)

    def _headline(self) -> None:
        heads = [
            Head("序号", 6, "whole"),
            Head("指标", 38),
            Head("目标", 11),
            *self._measures(),
            Head(f"比{self.variant.since}", 10, "change"),
        ]
        rows = [
            [n, i.name, aim(i.goal, i.unit), *self._measured(i.city, i), as_float(i.change)]
            for n, i in enumerate(self.facts.headline, 1)
        ]
        sheet = self._sheet("主要指标", "全市主要指标的现值、目标和还差数", heads, len(rows))
        self._body(sheet, heads, rows)
        self._bars(sheet, len(rows))

    def _bars(self, sheet: Worksheet, count: int) -> None:
        """Bars of all shares, with the target as a hollow frame around them."""
        rows = [
            n for n, item in enumerate(self.facts.headline, 3) if item.unit == "%" and item.city and item.city.shown
        ]
        if not rows:
            return
        sheet.set_column(20, 22, None, None, {"hidden": True})
        for n, item in enumerate((self.facts.headline[row - 3] for row in rows), 3):
            sheet.write_string(n, 20, item.name)
            sheet.write_number(n, 21, float(item.city.shown if item.city and item.city.shown else 0))
            if item.low is not None:
                sheet.write_number(n, 22, item.low)
        chart = self.book.add_chart({"type": "bar"})
        last = 2 + len(rows)
        for name, column, look in (
            ("现值", 21, {"fill": {"color": "#1F4E79"}}),
            ("目标", 22, {"fill": {"color": "#D9D9D9"}, "border": {"color": "#7F7F7F"}}),
        ):
            chart.add_series(
                {
                    "name": name,
                    "categories": ["主要指标", 3, 20, last, 20],
                    "values": ["主要指标", 3, column, last, column],
                    "gap": 40,
                    **look,
                }
            )
        chart.show_hidden_data()
        chart.set_title({"name": "主要指标现值与目标（%）", "name_font": {"size": 12}})
        chart.set_y_axis({"reverse": True, "num_font": {"size": 9}})
        chart.set_x_axis({"min": 0, "max": 100, "major_gridlines": {"visible": True, "line": {"color": "#D9D9D9"}}})
        chart.set_legend({"position": "bottom"})
        chart.set_size({"width": 900, "height": 60 + 34 * len(rows)})
        sheet.insert_chart(count + 5, 1, chart, {"description": "主要指标现值与目标"})
        sheet.print_area(0, 0, count + 10 + 2 * len(rows), 17)

    def _measures(self) -> list[Head]:
        return [
            Head("现值", 9, "number"), Head("已报单位现值", 12, "number"), Head("下限", 9, "number"), Head("上限", 9, "number"), Head("单位", 6),
            Head("已有（分子）", 12, "exact"), Head("应有（分母）", 12, "exact"), Head("未填报", 9, "whole"), Head("沿用",
            9, "whole"), Head("状态", 12),
            Head("还差", 9, "whole"), Head("其中未达标", 10, "whole"), Head("其中未填报", 10, "whole"), Head("还差的单位", 10),
        ]  # fmt: skip

    def _measured(self, figure: Figure | None, item: Item) -> list[Value]:
        if figure is None:
            return [None, None, None, None, item.unit, None, None, None, None, "无数据", None, None, None, None]
        return figure_cells.measured(self.above[item.id, figure.unit], item)

    def _city(self) -> None:
        heads = [
            Head("序号", 6, "whole"),
            Head("指标", 38),
            Head("条款", 9),
            Head("目标", 11),
            *self._measures(),
            Head(f"比{self.variant.since}", 10, "change"),
        ]
        rows = [
            [n, i.name, i.clause, aim(i.goal, i.unit), *self._measured(i.city, i), as_float(i.change)]
            for n, i in enumerate(self.facts.items, 1)
        ]
        self._bulk("全市", f"全部{len(rows)}项指标的全市数", heads, rows)

    def _matrix(self) -> None:
        about = "各县（市、区）各项指标的现值；空白为无数据或不适用"
        if self.facts.many:
            self._bulk("县市区一览", about, *finding_lists.matrix(self.facts))
            return
        heads = [
            Head("指标", 38),
            Head("目标", 11),
            Head("全市", 9, "number"),
            *(Head(c["short"], 9, "number") for c in self.facts.counties),
        ]
        rows = [
            [
                i.name,
                aim(i.goal, i.unit),
                as_float(i.city.shown if i.city else None),
                *finding_lists.across(i, self.facts),
            ]
            for i in self.facts.items
        ]
        self._bulk("县市区一览", about, heads, rows, freeze=3)

    def _counties(self) -> None:
        heads = [Head("指标", 38), Head("县（市、区）", 16), Head("代码", 9), Head("目标", 11), *self._measures()]
        rows = [
            [i.name, f.name, f.unit, aim(i.goal, i.unit), *self._measured(f, i)]
            for i in self.facts.items
            for f in finding_lists.of_item(i, self.facts)
        ]
        self._bulk("县市区", finding_lists.about_counties(self.facts), heads, rows)

    def _towns(self) -> None:
        """One sheet for each part of the policy: all towns at once would be too many rows to read."""
        about = finding_lists.about_towns(self.facts)
        heads = [
            Head("指标", 38),
            Head("县（市、区）", 16),
            Head("乡镇（街道）", 18),
            Head("代码", 11),
            Head("目标", 11),
            *self._measures(),
        ]
        parts: dict[str, list[Sequence[Value]]] = {}
        for indicator, rows in groupby((row for row in self.figures if row.level == "town"), attrgetter("indicator")):
            item = self.items[indicator]
            target = aim(item.goal, item.unit)
            parts.setdefault(item.clause.split("（")[0], []).extend(
                [item.name, row.county, row.town, row.unit, target, *figure_cells.measured(row, item)] for row in rows
            )
        for part, lines in sorted(parts.items(), key=lambda pair: "一二三四五六七八九十".find(pair[0])):
            self._bulk(_sheet_name(f"乡镇·第{part}部分"), f"政策第{part}部分{about}", heads, lines, freeze=3)

    def _series(self) -> None:
        span = sorted({month for item in self.facts.headline for month, _ in item.series})
        heads = [Head("月份", 10), *(Head(f"{i.name}（{i.unit}）", 13, "number") for i in self.facts.headline)]
        past = [dict(item.series) for item in self.facts.headline]
        rows = [[months.key(m), *(as_float(known[m].shown) if m in known else None for known in past)] for m in span]
        sheet = self._sheet("走势", "全市主要指标逐月的现值", heads, len(rows), freeze=1)
        sheet.set_row(2, 66)
        self._body(sheet, heads, rows)
        self._lines(sheet, len(rows))

    def _lines(self, sheet: Worksheet, count: int) -> None:
        chart = self.book.add_chart({"type": "line"})
        columns = [n for n, item in enumerate(self.facts.headline, 1) if item.unit == "%"]
        if not columns or not count:
            return
        for column in columns:
            chart.add_series(
                {
                    "name": ["走势", 2, column],
                    "categories": ["走势", 3, 0, count + 2, 0],
                    "values": ["走势", 3, column, count + 2, column],
                }
            )
        chart.show_blanks_as("gap")
        chart.set_title({"name": "主要指标走势（%）", "name_font": {"size": 12}})
        chart.set_y_axis({"min": 0, "major_gridlines": {"visible": True, "line": {"color": "#D9D9D9"}}})
        chart.set_legend({"position": "right", "font": {"size": 8}})
        chart.set_size({"width": 1100, "height": 460})
        sheet.insert_chart(count + 5, 0, chart, {"description": "主要指标走势"})
        sheet.print_area(0, 0, count + 32, len(self.facts.headline))

    def _coverage(self) -> None:
        heads, rows = finding_lists.coverage(self.facts)
        self._body(self._sheet("报送", "各县（市、区）本月报送和采用情况", heads, len(rows), freeze=1), heads, rows)

    def _checks(self) -> None:
        """What visits prove; no sheet where nothing was checked."""
        heads, rows = spot_section.sheet(self.facts)
        if rows:
            about = "经走访抽查的指标：查了多少、查到什么、证明不少于多少（有 95% 的把握，每项各自计）；所报数字不因抽查改动"
            self._body(self._sheet("抽查情况", about, heads, len(rows), freeze=1), heads, rows)

    def _findings(self) -> None:
        self._bulk("问题清单", finding_lists.about_findings(self.facts), *finding_lists.findings(self.facts), freeze=1)

    def _explanations(self) -> None:
        if self.facts.explained:
            self._bulk("情况说明", explanation_section.ABOUT, *explanation_section.listed(self.facts), freeze=1)

    def _definitions(self) -> None:
        heads = [
            Head("指标", 38), Head("编号", 26), Head("条款", 9), Head("条款原文", 60, "wrap"), Head("约束程度", 20),
            Head("目标", 11), Head("到期", 10), Head("单位", 6), Head("统计对象", 12), Head("算法", 70, "wrap"),
            Head("考核层级", 12), Head("判定", 10), Head("口径说明", 40, "wrap"),
        ]  # fmt: skip
        facts = self.facts
        known = {c: formula_text.labels(facts.release, facts.policy["id"], c) for c in {i.counted for i in facts.items}}
        rows = [definition(item, formula_text.formula(vars(item), known[item.counted])) for item in facts.items]
        self._bulk("指标定义", "指标的条款、原文、口径和算法；占比为分子占分母的百分比", heads, rows, freeze=1)

    def _lacking(self) -> None:
        about = "已报且未达到主要指标的社区（村），逐个列明；未报的不在内"
        self._bulk("缺口清单", about, *finding_lists.lacking_units(self.facts), freeze=1)

    def _data(self) -> None:
        """One tidy table without title, for pivot tables and other programs."""
        heads = ("月份", "层级", "代码", "指标编号", "指标", "分子", "分母", "未填报", "现值", "状态")
        rows = figure_cells.tidy(self.figures, self.items, months.key(self.facts.month))
        sheet = self.book.add_worksheet("数据")
        self.subjects.append(("数据", "全部数字一行一个，供透视表和其他程序使用；现值不四舍五入"))
        columns = [{"header": head} for head in heads]
        last = len(heads) - 1
        sheet.add_table(0, 0, 1, last, {"name": "数据", "columns": columns, "style": "Table Style Light 1"})
        # XlsxWriter would go through every cell of a longer table
        extent = xl_range(0, 0, max(len(rows), 1), last)
        sheet.tables[0].update(range=extent, a_range=extent, autofilter=extent)
        for column, width in enumerate((9, 12, 14, 26, 34, 12, 12, 8, 18, 12)):
            sheet.set_column(column, column, width)
            sheet.write_blank(1, column, None, self.plain)
        sheet.freeze_panes(1, 0)
        if rows:
            self.bodies[len(self.book.worksheets())] = (2, rows)

    def _contents(self, sheet: Worksheet, title: str) -> None:
        facts = self.facts
        sheet.hide_gridlines(2)
        sheet.set_column(0, 0, 22)
        sheet.set_column(1, 1, 78)
        sheet.write_string(0, 0, title, self.title)
        sheet.set_row(0, 28)
        sheet.write_string(
            1, 0, f"《{facts.policy['title']}》 数据版本 {facts.release.label}（{day(facts.published)}发布）", self.note
        )
        for row, (name, about) in enumerate(self.subjects, 3):
            sheet.write_url(row, 0, f"internal:'{name}'!A1", self.link, name)
            sheet.write_string(row, 1, about, self.note)
        for row, line in enumerate(_NOTES, len(self.subjects) + 4):
            sheet.write_string(row, 0, line, self.note)
        sheet.print_area(0, 0, len(self.subjects) + 4 + len(_NOTES), 1)
        sheet.fit_to_pages(1, 0)
        sheet.set_paper(9)


_NOTES = (
    "现值按精确数四舍五入保留一位小数；是否达标按精确数判定，59.96%显示为60.0%，仍未达到60%。",
    "下限、上限：未填报的单位全部不合格、全部合格时的现值。下限达到目标才算已达标。",
    "沿用：本月没有可用数据，以此前两个月内最近一次数据代替的单位数。空白为无数据或不适用。",
    "还差：达到目标还需增加的整数单位。",
)


def _sheet_name(text: str) -> str:
    """What Excel takes as the name of a sheet."""
    return re.sub(r"[\[\]:*?/\\']", " ", text)[:31]
