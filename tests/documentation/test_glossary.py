"""GLOSSARY.md: one thing, one word, in what people read in the program, on the command line and in the pages."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from pipelines.cli import commands

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "GLOSSARY.md").read_text(encoding="utf-8")
ROWS = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("| ")][1:]
CHINESE = re.compile(r"[\u4e00-\u9fff]+")
# Words that are wrong for one thing and right for others: a sentence must be read to tell. Terms of other rows are such words too.
AMBIGUOUS = {
    "单位",
    "清单",
    "任务",
    "表格",
    "提交",
    "提醒",
    "说明",
    "通过",
    "有效",
    "核实",
    "缺失",
    "空白",
    "结论",
    "逾期",
    "数据库",
    "日志",
    "版本",
    "删除",
    "锁定",
    "备注",
    "批注",
    "关闭",
    "定时",
    "小区",
    "补报",
    "核查",
    "公布",
}
# Words that counties write: what the reader recognises in a workbook, and faults that the sample plants.
OF_COUNTIES = {
    "pipelines/answers/unit_rows.py",
    "pipelines/answers/county_and_month.py",
    "pipelines/sample/planted_faults.py",
}
# The line at the foot of a workbook for who checked it.
RIGHT = {"审核人"}


def terms() -> set[str]:
    return {word for row in ROWS for word in CHINESE.findall(re.sub(r"[（(].*?[)）]", "", row[0]))}


def forbidden() -> set[str]:
    return (
        {word for row in ROWS for word in CHINESE.findall(re.sub(r"\([^)]*\)|; .*", "", row[3]))} - terms() - AMBIGUOUS
    )


def docstrings(tree: ast.Module) -> Iterator[ast.Constant]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            yield node.body[0].value


def texts(path: Path) -> Iterator[str]:
    """Strings that people may read: all but docstrings; those of the command line are its help."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    left_out = set() if path.parent.name == "cli" else {id(node) for node in docstrings(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in left_out:
            yield node.value


def test_the_glossary_has_25_to_40_terms_each_in_chinese_english_and_code():
    assert 25 <= len(ROWS) <= 40 and all(len(row) == 4 and all(map(str.strip, row)) for row in ROWS)
    assert len({row[0] for row in ROWS}) == len(ROWS)


def pages() -> Iterator[Path]:
    """What people read besides the program's own strings: templates, the guide, the words of findings."""
    for package in ("pipelines", "dashboards"):
        yield from (path for path in (ROOT / package).rglob("*") if path.suffix in (".html", ".js"))
    yield from (ROOT / "docs" / "用户指南.md", ROOT / "data" / "reference" / "findings.yaml")


def used() -> dict[str, set[str]]:
    """Forbidden word → files in whose texts it occurs outside a term that contains it."""
    files = defaultdict(set)
    modules = (path for package in ("pipelines", "dashboards") for path in (ROOT / package).rglob("*.py"))
    read = [(path, "\n".join(texts(path))) for path in modules]
    words = forbidden()
    longer = {term for term in terms() | RIGHT if any(word in term for word in words)}
    for path, text in [*read, *((path, path.read_text(encoding="utf-8")) for path in pages())]:
        plain = re.sub("|".join(longer), "", text)
        for word in words:
            if word in plain and str(path.relative_to(ROOT)) not in OF_COUNTIES:
                files[word].add(str(path.relative_to(ROOT)))
    return dict(files)


def test_nobody_uses_another_word_for_a_term():
    assert not used(), "用语见 GLOSSARY.md"


# ---- English: names on the command line and in code


# Words that are wrong for the row's thing and right for another: the questions of the form, the program's version, Python's main, what came
# of a submission, the log of who did what, the numbered draw from which a spot check's seed comes and the day it was published.
RIGHT_ELSEWHERE = {"form", "version", "main", "outcome", "audit", "issue", "published"}


def code_names() -> set[str]:
    return {name.lstrip("-") for row in ROWS for name in re.findall(r"`(-{0,2}[a-z_]+)`", row[2])}


def unwanted_names() -> set[str]:
    """English words that no term may be called by, as they would stand in a name; words that are another row's term are left out."""
    plain = {re.sub(r"[（(].*?[)）]", "", part).strip() for row in ROWS for part in re.split(r"[,;]", row[3])}
    words = {re.sub(r"[ -]", "_", word) for word in plain if re.fullmatch(r"[a-z][a-z -]*", word)}
    return words - RIGHT_ELSEWHERE - code_names() - set(re.findall(r"[a-z_]+", " ".join(row[1] for row in ROWS)))


def module_names() -> set[str]:
    return {path.stem for package in ("pipelines", "dashboards") for path in (ROOT / package).rglob("*.py")}


def command_names() -> set[str]:
    """Commands and options of `shequ`, as they stand in code."""
    names: set[str] = set()
    open_ = [commands.main]
    while open_:
        command = open_.pop()
        names |= {command.name} | {option.lstrip("-") for item in command.params for option in item.opts}
        open_ += getattr(command, "commands", {}).values()
    return {name.replace("-", "_") for name in names}


def test_each_name_in_code_exists():
    sources = (path for package in ("pipelines", "dashboards") for path in (ROOT / package).rglob("*.py"))
    words = {word for path in sources for word in re.findall(r"[a-z_]+", path.read_text(encoding="utf-8"))}
    assert code_names() and not code_names() - words - command_names(), "GLOSSARY.md 的第三列写代码里的名称"


def test_no_command_and_no_module_is_called_by_another_word():
    assert {"missing", "undo", "snapshot"} <= unwanted_names()
    assert not unwanted_names() & (command_names() | module_names()), "命令和模块的名称见 GLOSSARY.md"
