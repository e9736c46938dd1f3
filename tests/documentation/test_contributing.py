"""The exercises of CONTRIBUTING.md, done one after the other as they are written in one copy of the repository."""

import os
import re
import shutil
import subprocess
import sys
from functools import cached_property
from pathlib import Path

import openpyxl
import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
TITLES = ["An indicator", "A question", "A page", "A file format", "A section of the report"]
STEP = re.compile(
    r"^(?:New file `(?P<new>[^`]+)`|In `(?P<path>[^`]+)`, (?P<how>after|before|instead of) the line that begins with "
    r"`(?P<line>[^`]+)`):\n\n```\w+\n(?P<text>.*?)```|^```console\n(?P<commands>.*?)```",
    re.MULTILINE | re.DOTALL,
)
# a month of a county in an installation of its own, made in the copy by the copy's program
MONTH = """
import sys
from datetime import date
from pathlib import Path
from tests import books, small_city
place = Path(sys.argv[1])
reference = small_city.measure_only(small_city.make(place / "reference", ["130571"]), sys.argv[2:])
office = books.Office(place / "data", reference)
office.send(date(2020, 4, 1), "130571", lambda unit: books.plain(unit) | {"population": 100, "volunteers": 5, "social_orgs": 2})
print(office.run(with_papers=True).folder)
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git working tree"),
]


class Copy:
    """A copy of the tracked files, in which the exercises are done; `changed` has the paths that each changed or added, without
    those that a command wrote.
    """

    def __init__(self, folder: Path):
        self.folder, self.place = folder / "repository", folder
        self.changed: dict[str, set[str]] = {}
        # several exercises end with the same command, which need not run for each
        self.commands: dict[str, None] = {}
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
        for name in filter(None, listed.split("\0")):
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.folder / name)

    def run(self, *arguments: object) -> str:
        """What a Python of the copy prints."""
        given = {**os.environ, "PYTHONPATH": str(self.folder), "SHEQU_DATA": str(self.place / "data")}
        given["SHEQU_REFERENCE"] = str(self.folder / "data" / "reference")
        command = [sys.executable, *map(str, arguments)]
        done = subprocess.run(command, cwd=self.folder, env=given, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{arguments}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    def do(self, number: int) -> None:
        """The edits of an exercise; its commands are noted."""
        changed = set()
        for step in STEP.finditer(section(number)):
            if step["commands"]:
                self.commands |= dict.fromkeys(step["commands"].splitlines())
            elif step["new"]:
                (self.folder / step["new"]).write_text(step["text"], encoding="utf-8")
            else:
                self.edit(self.folder / step["path"], step["how"], step["line"], step["text"])
            changed |= {step["new"] or step["path"]} - {None}
        self.changed[TITLES[number - 1]] = changed

    def run_commands(self) -> None:
        for line in self.commands:
            program, *arguments = line.removeprefix("$ ").split()
            module = {"make": "pipelines.documentation", "shequ": "pipelines.cli"}[program]
            self.run("-m", module, *(arguments if program == "shequ" else []))

    @staticmethod
    def edit(path: Path, how: str, beginning: str, text: str) -> None:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        (at,) = [i for i, line in enumerate(lines) if line.startswith(beginning)]
        first, last = {"after": (at + 1, at + 1), "before": (at, at), "instead of": (at, at + 1)}[how]
        path.write_text("".join([*lines[:first], text, *lines[last:]]), encoding="utf-8")

    @cached_property
    def edition(self) -> Path:
        """The folder of an edition in which the indicators of the exercises are measured."""
        return Path(self.run("-c", MONTH, self.place / "city", "social_orgs_any", "volunteers").strip())


def section(number: int) -> str:
    return PAGE.partition(f"\n### {number}. ")[2].partition("\n### ")[0]


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Copy:
    made = Copy(tmp_path_factory.mktemp("contributing"))
    for number in range(1, len(TITLES) + 1):
        made.do(number)
    made.run_commands()
    return made


def test_there_are_five_exercises():
    assert re.findall(r"^### \d\. (.+)$", PAGE, re.MULTILINE) == TITLES


def test_what_is_added_as_data_touches_no_test(copy):
    # rosters and calendars know neither fields nor indicators; test_extending_by_data adds its own, everywhere
    without = ("roster_*", "admissions", "working_days", "extending_by_data")
    options = ("-q", "-n", "0", "-p", "no:cacheprovider", *(f"--ignore-glob=*/test_{name}.py" for name in without))
    copy.run("-m", "pytest", *options, "tests/template", "tests/reference")


def test_an_indicator_touches_no_python(copy):
    assert copy.changed["An indicator"] == {"data/reference/policies/opinions-2018/register.yaml"}
    assert "`social_orgs_any`" in (copy.folder / "docs" / "indicators.md").read_text(encoding="utf-8")
    figures = (
        "import sys; from pathlib import Path; from pipelines.edition import open_folder\n"
        "print(open_folder(Path(sys.argv[1])).rows(\"SELECT status FROM figure WHERE indicator = 'social_orgs_any' "
        "AND level = 'county' AND numerator > 0 AND numerator = denominator\") != [])"
    )
    assert copy.run("-c", figures, copy.edition).strip() == "True"


def test_a_question_touches_no_python(copy):
    assert copy.changed["A question"] == {"data/reference/form.yaml"}
    (workbook,) = (copy.folder / "forms").iterdir()
    headings = [cell.value for row in openpyxl.load_workbook(workbook).worksheets[0]["1:6"] for cell in row]
    assert any("社区夜校" in str(heading) for heading in headings)


def test_a_page(copy):
    seen = (
        "import os, sys; os.environ['SHEQU_DATA'] = sys.argv[1]\n"
        "from streamlit.runtime.context import ContextProxy\n"
        "from streamlit.testing.v1 import AppTest\n"
        "ContextProxy.ip_address, ContextProxy.cookies = None, {}\n"  # as in tests/conftest.py
        "app = AppTest.from_file('dashboards/app.py', default_timeout=600).run()\n"
        "app.switch_page('app_pages/editions.py').run()\n"
        "assert not app.exception, app.exception\n"
        "print([element.value for element in app.markdown])"
    )
    assert "2020-04 第 1 版" in copy.run("-c", seen, copy.edition.parents[2])


def test_a_file_format(copy):
    read = (
        "from pipelines.workbook.open_workbook import open_workbook\n"
        "book = open_workbook('[[\"社区\", 3], [null, true]]'.encode(), '表.json')\n"
        "print(book.kind, book.sheets[0].rows, book.notes)"
    )
    assert copy.run("-c", read).strip() == "json [['社区', 3], [None, True]] []"
    refused = "from pipelines.workbook.open_workbook import open_workbook; open_workbook(b'[1, 2', 'a.json')"
    with pytest.raises(AssertionError, match="不是正确的 JSON"):
        copy.run("-c", refused)


def test_a_section_of_the_report(copy):
    (paper,) = [
        path for path in (copy.edition / "reports").rglob("*.docx") if "月报" in path.name or "进展" in path.name
    ][:1]
    words = (
        "import sys; from docx import Document\n"
        "print('\\n'.join(paragraph.text for paragraph in Document(sys.argv[1]).paragraphs))"
    )
    written = copy.run("-c", words, paper)
    assert "、志愿服务" in written and "每百名常住人口注册志愿者数为5" in written
