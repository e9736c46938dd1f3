"""Findings about a returned list. A row with an error is held; one with a question counts (§5)."""

from dataclasses import dataclass

ERROR, QUESTION = "error", "warning"
_LONGEST = 60


@dataclass(frozen=True)
class Kind:
    """`message` says what is wrong and what to do; the place is put before it."""

    severity: str
    message: str


KINDS = {
    "spot_list": Kind(ERROR, "{found}。整个文件没有记录；请填写已抽取的名单发出的工作簿，再交。"),
    "spot_header": Kind(ERROR, "{found}。这一表没有读取；请保留发出时的表头（{labels}），每列一次，再交。"),
    "spot_row": Kind(ERROR, "{found}不在 {number} 号名单上，结果没有记录。请只填写名单上的行；代码改动过的，请改回。"),
    "spot_choice": Kind(ERROR, "结果为“{found}”，应为{expected}。请改正；还没有去的请留空。"),
    "spot_day": Kind(ERROR, "{found}。结果没有记录；请写明实际去的日期，例如 2021-01-05。"),
    "spot_twice": Kind(ERROR, "{found}在 {cells} 都有结果，且内容不同，两行都没有记录。请只保留一行。"),
    "spot_altered": Kind(ERROR, "{found}，与发出的名单不同，结果没有记录。请改回名单上的内容；有异议的写在说明里。"),
    "spot_reason": Kind(ERROR, "结果由“{before}”改为“{found}”，说明为空，没有记录。请在说明里写明更改的理由。"),
    "spot_inspector": Kind(ERROR, "检查人{found}，结果没有记录。请写姓名或编号，不超过 20 个字，不写电话和证件号码。"),
    "spot_evidence": Kind(QUESTION, "没有证据编号，结果已记录。请补填照片或材料的编号。"),
    "spot_own_county": Kind(
        QUESTION, "{group}来自{county}，却检查本县的单位，结果已记录。请说明原因，或由其他组重新检查。"
    ),
    "spot_gone": Kind(
        QUESTION,
        "{found}已不在目前的名册中，结果已记录：仍按名单所查月份的情况计入，以后月份的下限不再算它。请核对区划变动。",
    ),
    "spot_one_visit": Kind(
        QUESTION,
        "结果为未能核实，只写了 {days} 个日期，已按未能核实记录。应在两天各去一次；请补写两次的日期，或再去一次。",
    ),
}


@dataclass(frozen=True)
class SpotFinding:
    """One fact about one place of a returned file; `cell` is A1, None for a sheet or the file."""

    code: str
    severity: str
    sheet: str | None
    cell: str | None
    found: str
    message: str


def finding(code: str, file: str, sheet: str | None, cell: str | None, found: str = "", **words: object) -> SpotFinding:
    """The finding with its sentence: `【spot_day】文件“甲.xlsx”工作表“信都区”单元格 L5：……`."""
    kind = KINDS[code]
    place = f"文件“{_short(file)}”" + (f"工作表“{_short(sheet)}”" if sheet else "") + (f"单元格 {cell}" if cell else "")
    body = kind.message.format(found=_short(found), **words)
    return SpotFinding(code, kind.severity, sheet, cell, found, f"【{code}】{place}：{body}")


def _short(text: str) -> str:
    plain = "".join(char if char.isprintable() else " " for char in text)
    return plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}…"
