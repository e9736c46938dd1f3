"""督办通知: one page for one county, and a workbook of its tasks, of the units that lack something and of the questions to answer."""

import io
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from docx.document import Document as Paper
from xlsxwriter import Workbook

from pipelines import months
from pipelines.answers.findings import SEVERITY_NAMES
from pipelines.archive.store import write_durably
from pipelines.edition.county_tasks import PACES, STATES, replied
from pipelines.edition.open_edition import Release
from pipelines.edition.phrases import count, counter, day, sentence
from pipelines.edition.progress_rows import Task
from pipelines.edition.table_rows import CountyName
from pipelines.reports import docx_styles as papers
from pipelines.reports.docx_styles import fit_on_one_line
from pipelines.reports.docx_table import Column, Row, add_table, printable
from pipelines.reports.facts import Facts, gather
from pipelines.reports.finding_lists import Value
from pipelines.reports.next_steps import became, replied_to
from pipelines.reports.office import Office

# rows that stand on one page with the text; the workbook has all
ROWS = 8
# characters of a reply there
_WORDS = 24


def write_notices(
    release: Release,
    folder: Path,
    answer_by: date | None = None,
    county: str | None = None,
    office: Office | None = None,
) -> list[Path]:
    """Write notice and workbook of every county (or one) into `folder`; `answer_by`: day by which questions are to be answered."""
    facts = gather(release, None, 1, (), office)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for place in facts.counties:
        if county in (None, place["unit"]):
            for name, content in files(facts, place, answer_by).items():
                written.append(folder / name)
                write_durably(written[-1], content)
    return written


def files(facts: Facts, county: CountyName, answer_by: date | None) -> dict[str, bytes]:
    """The notice and the workbook of one county, under their names."""
    stem = f"{months.key(facts.month)}_{county['short']}督办通知_第{facts.release.edition}版"
    return {f"{stem}.docx": notice(facts, county, answer_by), f"{stem}.xlsx": workbook(facts, county)}


def of_county(facts: Facts, county: str) -> list[Task]:
    """The county's tasks that are not closed, and those that the month closed."""
    return [t for t in facts.tasks if t["county"] == county and (t["state"] != "closed" or t["closed"] == facts.month)]


# ---- the page


def notice(facts: Facts, county: CountyName, answer_by: date | None) -> bytes:
    """The docx of one county."""
    made = datetime.fromisoformat(facts.release.manifest["published_at"]).replace(tzinfo=None)
    title = f"关于{county['short']}城乡社区治理工作的督办通知"
    paper = papers.blank(title, months.label(facts.month), made)
    letterhead, issuer = facts.office.letterhead, facts.office.letterhead.issued_by(facts.city)
    fit_on_one_line(paper.add_paragraph(printable(issuer), "发文机关标志"), 30)
    paper.add_paragraph(printable(f"{letterhead.numbered(facts.month)}督办"), "文号")
    fit_on_one_line(paper.add_paragraph(printable(title), "Title"), 22)
    paper.add_paragraph(printable(f"{county['name']}党委、政府："), "Normal")
    for text in filter(None, (standing(facts, county) + promised(facts, county), asked(facts, county, answer_by))):
        paper.add_paragraph(printable(text), "Body Text")
    _tasks(paper, of_county(facts, county["unit"]))
    paper.add_paragraph(printable(issuer), "Signature")
    last = paper.add_paragraph(printable(day(facts.published)), "Signature")
    last.paragraph_format.keep_with_next = False
    return papers.to_bytes(paper)


def standing(facts: Facts, county: CountyName) -> str:
    """`截至2020年6月底，你县（市、区）适用的主要指标11项，落后9项，在20个县（市、区）中列第18位（上月第19位）。`"""
    place = next((place for place in facts.places if place["unit"] == county["unit"]), None)
    if place is None or not place["applicable"]:
        return ""
    before = f"（上月第{place['place_before']}位）" if place["place_before"] else ""
    where = f"，在{place['placed']}个县（市、区）中列第{place['place']}位{before}" if place["place"] else ""
    counted = f"落后{place['behind']}项" if place["behind"] else "没有落后的"
    return f"截至{months.label(facts.month)}底，你县（市、区）适用的主要指标{place['applicable']}项，{counted}{where}。"


def promised(facts: Facts, county: CountyName) -> str:
    """What became of what was asked of the county last month."""
    stood = [task for task in facts.tasks if task["county"] == county["unit"] and task["stood"]]
    if not stood:
        return ""
    replied = sum(replied_to(task, facts) for task in stood)
    return sentence(f"上月督办{len(stood)}项", replied and f"你县（市、区）已答复{replied}项", *became(stood))


def asked(facts: Facts, county: CountyName, answer_by: date | None) -> str:
    """What the county is to do: the tasks, the units without data, the questions of its report."""
    tasks = [task for task in of_county(facts, county["unit"]) if task["state"] != "closed"]
    missing = next((row["missing"] for row in facts.coverage if row["county"] == county["unit"]), 0)
    errors, warnings = (facts.finding_counts[county["unit"], severity] for severity in ("error", "warning"))
    todo = [
        tasks and f"下列{len(tasks)}项请抓紧办理，并在系统“督办”页或附表“办理情况”栏答复措施和完成时间",
        missing and f"{count(missing)}个社区（村）没有数据，请补报",
        _questions(errors, warnings),
    ]
    listed = "；".join(text for text in todo if text)
    if not listed:
        return "本月没有需要办理的事项。"
    until = f"请于{day(answer_by)}前答复。" if answer_by else ""
    return f"{listed}。{until}具体单位和问题见附表。"


def _questions(errors: int, warnings: int) -> str:
    """A sentence with the numbers of errors to correct and of warnings to explain; empty where there are none."""
    counts = [f"错误{errors}处，请更正" if errors else "", f"需核实的{warnings}处，请更正或说明" if warnings else ""]
    return f"报表中有{'；'.join(filter(None, counts))}" if errors or warnings else ""


def _tasks(paper: Paper, tasks: Sequence[Task]) -> None:
    if not tasks:
        return
    columns = [
        Column("序号", style="CellMark"), Column("指标", 0), Column("未达标", style="CellNumber"), Column("本月应完成", style="CellNumber"),
        Column("本月完成", style="CellNumber"), Column("进度", style="CellMark"), Column("办理情况", 34),
    ]  # fmt: skip
    rows: list[Row] = [
        [
            str(n),
            t["name"],
            _with_unit(t["failing"], t),
            _with_unit(t["quota"], t),
            _with_unit(t["done"], t),
            progress(t),
            _last_reply(t),
        ]
        for n, t in enumerate(tasks[:ROWS], 1)
    ]
    add_table(paper, columns, rows, "督办事项", whole=True, dense=True)
    more = f"共{len(tasks)}项，余见附表。" if len(tasks) > ROWS else ""
    note = f"注：只计已报且未达标、须靠工作完成的数，以后续月份的数据销号。{more}"
    paper.add_paragraph(printable(note), "表注").paragraph_format.keep_with_next = True


def _last_reply(task: Task) -> str:
    """The county's latest words, as many as a line or two hold; the workbook has all."""
    text = task["replies"][-1]["text"] if task["replies"] else ""
    return text if len(text) <= _WORDS else f"{text[:_WORDS]}……"


def progress(task: Task) -> str:
    """`欠进度`, or the state where no pace is judged."""
    return PACES.get(task["pace"] or "") or STATES[task["state"]]


def _with_unit(number: int | None, task: Task) -> str:
    return (
        "—"
        if number is None
        else f"{count(number) if number >= 0 else f'−{count(-number)}'}{counter(task['gap_unit'])}"
    )


# ---- the workbook


def workbook(facts: Facts, county: CountyName) -> bytes:
    """The xlsx of one county: 督办事项, 未达标单位, 待答复问题."""
    buffer = io.BytesIO()
    plain = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    book = Workbook(buffer, plain)
    made = datetime.fromisoformat(facts.release.manifest["published_at"]).replace(tzinfo=None)
    book.set_properties({"title": f"{county['short']}督办附表", "author": "社区治理进展系统", "created": made})
    tasks = of_county(facts, county["unit"])
    _sheet(book, "督办事项", _TASKS, [_task_row(task) for task in tasks])
    units: list[Sequence[Value]] = [[t["name"], u["town"], u["unit"], u["name"]] for t in tasks for u in t["units"]]
    _sheet(book, "未达标单位", (("指标", 40), ("乡镇（街道）", 18), ("代码", 16), ("社区（村）", 24)), units)
    _sheet(book, "待答复问题", _FINDINGS, _findings(facts, county["unit"]))
    book.close()
    return buffer.getvalue()


_TASKS = (
    ("指标", 40), ("条款", 9), ("状态", 12), ("未达标", 8), ("未填报", 8), ("本月应完成", 11), ("本月完成", 9), ("进度", 10), ("首次列入", 11),
    ("完成期限", 14), ("县里答复", 40), ("办理情况（请填写）", 40),
)  # fmt: skip
_FINDINGS = (
    ("性质", 8),
    ("报表", 30),
    ("工作表", 18),
    ("单元格", 12),
    ("填报值", 20),
    ("说明", 80),
    ("答复（请填写）", 40),
)


def _task_row(task: Task) -> Sequence[Value]:
    return [
        task["name"], task["clause"], STATES[task["state"]], task["failing"], task["unknown"], task["quota"], task["done"], progress(task),
        months.label(task["opened"]), day(task["due"]), replied(task) or None, None,
    ]  # fmt: skip


def _findings(facts: Facts, county: str) -> list[Sequence[Value]]:
    own = [f for f in facts.findings if f["county"] == county and f["severity"] in ("error", "warning")]
    own.sort(key=lambda finding: finding["severity"] != "error")
    return [
        [SEVERITY_NAMES[f["severity"]], f["file"], f["sheet"], f["cell"], f["found"], f["message"], None] for f in own
    ]


def _sheet(book: Workbook, name: str, heads: Sequence[tuple[str, int]], rows: Sequence[Sequence[Value]]) -> None:
    sheet = book.add_worksheet(name)
    head = book.add_format(
        {"bold": True, "bg_color": "#E7ECF2", "border": 1, "text_wrap": True, "align": "center", "valign": "vcenter"}
    )
    cell = book.add_format({"border": 1, "text_wrap": True, "valign": "top"})
    for column, (text, width) in enumerate(heads):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, text, head)
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row):
            sheet.write(number, column, value, cell)
    sheet.freeze_panes(1, 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
