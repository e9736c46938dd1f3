"""The paper as pages: every letter has a glyph, nothing hangs over the edge, no row is parted by a page's end."""

import os
import re
import shutil
import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from pipelines.edition import Release
from pipelines.reports import VARIANTS, brief_docx, docx_styles, imprint_box
from pipelines.reports.docx_table import Column, add_table
from pipelines.reports.facts import gather
from tests.reports import hostile

SOFFICE, PDFTOTEXT = shutil.which("soffice"), shutil.which("pdftotext")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (SOFFICE and PDFTOTEXT), reason="没有安装 LibreOffice 或 poppler，不能把报告排成页面"),
]
# the standard's fonts are not free: an open Chinese face stands in for each, or the Japanese one would
_FONTS = ("方正小标宋简体", "仿宋_GB2312", "楷体_GB2312", "宋体", "黑体")
_STAND_IN = (
    '<match target="pattern"><test name="family"><string>{}</string></test>'
    '<edit name="family" mode="assign" binding="strong"><string>Noto Serif CJK SC</string></edit></match>'
)


@pytest.fixture(scope="module")
def pdf(may: Release, tmp_path_factory) -> Path:
    return printed(may, tmp_path_factory.mktemp("pages"))


def printed(release: Release, folder: Path) -> Path:
    """The month's paper as a PDF."""
    (folder / "brief.docx").write_bytes(brief_docx.build(gather(release), VARIANTS["month"]))
    _to_pdf(folder, folder / "brief.docx")
    return folder / "brief.pdf"


def _to_pdf(folder: Path, *papers: Path) -> None:
    (folder / "fonts.conf").write_text(
        f'<?xml version="1.0"?><fontconfig><include ignore_missing="yes">/etc/fonts/fonts.conf</include>'
        f"{''.join(map(_STAND_IN.format, _FONTS))}</fontconfig>",
        encoding="utf-8",
    )
    profile = f"-env:UserInstallation=file://{folder / 'profile'}"
    subprocess.run(
        [SOFFICE, profile, "--headless", "--convert-to", "pdf", "--outdir", folder, *papers],
        check=True, capture_output=True, timeout=900, env={**os.environ, "FONTCONFIG_FILE": str(folder / "fonts.conf")},
    )  # fmt: skip


@pytest.fixture(scope="module")
def boxes(pdf: Path) -> list[list[tuple[float, float, float, float, str]]]:
    return placed(pdf)


def placed(pdf: Path) -> list[list[tuple[float, float, float, float, str]]]:
    """Of each page its words with their places, in points."""
    layout = subprocess.run([PDFTOTEXT, "-bbox", pdf, "-"], check=True, capture_output=True, text=True).stdout
    word = re.compile(r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*?)</word>')
    return [[(*map(float, m[:4]), m[4]) for m in word.findall(page)] for page in layout.split("<page ")[1:]]


def text(words: list[tuple[float, float, float, float, str]]) -> str:
    """A page's words without what parts them: between figures and Chinese a program may part them or not."""
    return "".join(box[4] for box in words)


def row_numbers(words: list[tuple[float, float, float, float, str]]) -> list[tuple[float, float, float, float, str]]:
    """The numbers of a table's rows on a page, from above."""
    return sorted((box for box in words if box[4].isdigit() and box[2] < 110 and box[1] < 740), key=lambda box: box[1])


def test_every_character_has_a_glyph(pdf: Path):
    text = subprocess.run([PDFTOTEXT, pdf, "-"], check=True, capture_output=True, text=True).stdout
    assert "\ufffd" not in text and "\u25a1" not in text
    assert "一、总体判断" in text.replace(" ", "")
    fonts = subprocess.run(["pdffonts", pdf], check=True, capture_output=True, text=True).stdout
    assert "CJK" in fonts


def test_nothing_hangs_over_the_type_area(boxes):
    left, right = 28 / 25.4 * 72, (210 - 26) / 25.4 * 72
    # LibreOffice hangs a closing mark over the edge; its ink stands in the left half of its square
    marks = "\uff0c\u3002\u3001\uff1b\uff1a\uff09"
    over = [
        (page, box)
        for page, words in enumerate(boxes, 1)
        for box in words
        if box[0] < left - 2 or box[2] > right + (17 if box[4][-1] in marks else 2)
    ]
    assert not over


def test_pages_are_numbered_in_turn(boxes):
    numbers = [max(words, key=lambda box: box[3]) for words in boxes if words]
    assert len(numbers) == len(boxes) < 25
    for page, words in enumerate(boxes, 1):
        foot = "".join(box[4] for box in sorted(words) if box[1] > 740)
        assert foot == f"\u2014{page}\u2014"


def test_table_heads_repeat_and_rows_stay_whole(boxes):
    """On every page of the annex the head stands above the first row, and the numbers of the rows run on without a gap."""
    first = next(n for n, words in enumerate(boxes) if text(words).startswith("附件1全部指标情况"))
    annex = [words for words in boxes[first:] if any(box[4] == "现值" for box in words)]
    assert len(annex) > 2
    numbers = []
    for words in annex:
        head = next(box for box in words if box[4] == "现值")
        rows = row_numbers(words)
        assert rows[0][1] > head[1]
        numbers += [int(box[4]) for box in rows]
    assert numbers[:96] == list(range(1, 97))


def test_the_judgement_stands_on_two_pages_and_the_table_after_it(boxes):
    table = next(n for n, words in enumerate(boxes) if "表1主要指标完成情况" in text(words))
    assert table <= 2
    # below the table, or where that fills its page with the table's note
    closing = next(text(words) for words in boxes if "附件：" in text(words))
    assert "注：" in closing


def test_heads_and_statuses_stand_on_one_line(boxes):
    """No word of a head, and no status, is parted into two lines."""
    words = {box[4] for page in boxes for box in page}
    assert {"序号", "目标", "现值", "状态", "还差"} <= words
    assert not words & {"逾期未达", "进度正", "严重滞", "不适"}


@pytest.mark.parametrize("state", ["copied", "everyone_lacks_some", "first_month"])
def test_the_text_takes_two_pages_and_the_closing_stands_below_rows_of_the_table(june: Release, tmp_path, state: str):
    """However high the table is; where it and the closing do not fit on one page, its second part stands above the closing."""
    pages = placed(printed(hostile.STATES[state](june), tmp_path))
    table = next(n for n, words in enumerate(pages) if "表1主要指标完成情况" in text(words))
    assert table <= 2 and len(pages[table - 1]) > 12, "a page with a line or two"
    closing = next(n for n, words in enumerate(pages) if "附件：" in text(words))
    assert len(row_numbers(pages[closing])) >= 4 and "注：" in text(pages[closing])
    numbers = [int(box[4]) for words in pages[table : closing + 1] for box in row_numbers(words)]
    assert numbers == list(range(1, 19))
    dated = text(pages[closing])
    assert dated.index("附件：") < dated.index("城乡社区建设领导小组办公室") < dated.index("日", dated.index("办公室"))
    assert "（续）" in dated or state != "everyone_lacks_some"


def imprint(words: list[tuple[float, float, float, float, str]]) -> tuple[float, float]:
    """Top and bottom of the lines from 抄送 to 数据版本 on a page, in points."""
    top = next(box[1] for box in words if "抄送" in box[4])
    return top, max(box[3] for box in words if top <= box[1] < 742)


def test_the_imprint_stands_at_the_foot_of_the_last_page(boxes):
    bottom_of_type_area = (297 - 35) / 25.4 * 72
    _, bottom = imprint(boxes[-1])
    assert bottom_of_type_area - 8 < bottom < bottom_of_type_area
    assert sum("抄送" in text(words) for words in boxes) == 1


def test_the_imprint_is_never_alone_and_never_on_other_text(tmp_path: Path):
    """However high the table above it is: a little lower than what the page holds, too high by a row, by as much as the imprint."""
    papers = []
    for rows in (42, 43, 44, 48, 52, 55, 60):
        paper = docx_styles.blank("报", "报", datetime(2020, 1, 1))
        paper.add_paragraph("附件4", "附件")
        add_table(
            paper, [Column("甲", 20), Column("乙", 0)], [[f"行{n}", "文字"] for n in range(rows)], "表", dense=True
        )
        paper.add_paragraph("注：说明。", "表注")
        imprint_box.add(paper, ["抄送：各县党委、政府。", "某办公室　　2020年1月1日印发", "数据版本：第1版"])
        papers.append(tmp_path / f"{rows}.docx")
        papers[-1].write_bytes(docx_styles.to_bytes(paper))
    _to_pdf(tmp_path, *papers)
    for paper in papers:
        *_, last = placed(paper.with_suffix(".pdf"))
        top, _ = imprint(last)
        above = [box for box in last if box[1] < top]
        assert sum(box[4].startswith("行") for box in above) >= 3 and any("注" in box[4] for box in above)
        assert max(box[3] for box in above) < top - 10


def test_a_quarters_paper_can_be_set_too(june: Release):
    chosen = VARIANTS["quarter"]
    period = gather(june, None, 1)
    assert brief_docx.build(gather(june), chosen, period)[:2] == b"PK"
