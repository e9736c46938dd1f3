"""The words and marks by which a yes-or-no question is answered: those of semantics §2 and no others, in either case and width."""

import re

from pipelines.reference import labels

TICKS = frozenset("√✓☑■")
YES = TICKS | {
    "是", "有", "V", "Y", "YES", "TRUE", "1", "对", "具备", "已建", "已建成", "已成立", "已制定", "已完成", "达标",
}  # fmt: skip
NO = frozenset("×✗☒☐□") | {
    "否", "无", "X", "N", "NO", "FALSE", "0", "错", "不具备", "未建", "未成立", "未制定", "未完成", "未达标",
}  # fmt: skip
# what the tick and the boxes of Wingdings are where the font is lost; letters that are words of their own are left alone
SYMBOLS = str.maketrans({
    "ü": "√", "û": "×", "þ": "☑", "ý": "☒", "¨": "☐", "\uf0fc": "√", "\uf0fb": "×", "\uf0fe": "☑", "\uf0fd": "☒",
    "\uf0a8": "☐", "\uf06f": "☐", "\uf050": "√", "\uf04f": "×", "\uf052": "☑", "\uf053": "☒", "\uf0a3": "☐",
})  # fmt: skip
_BRACKETS = str.maketrans("[]【】〔〕", "()()()")
_MARKED = re.compile(r"([√✓☑■×✗☒☐□]|\([√✓☑■×✗☒V]?\))|([^√✓☑■×✗☒☐□()]+)")


def folded(text: str) -> str:
    """A flag's text as it is in `YES` and `NO`: folded, in capitals, symbol fonts as their characters."""
    return labels.fold(text.translate(SYMBOLS)).upper()


def is_tick(text: str | None) -> bool:
    """Whether a flag is ticked, rather than answered with a word."""
    return folded(text or "") in TICKS | {"V"}


def pair(text: str) -> list[bool] | None:
    """The answer of a pair such as ☑是 □否 as a list of one; empty where both or neither is ticked; None where it is no pair."""
    text = text.translate(_BRACKETS)
    parts = _MARKED.findall(text)
    if len(parts) != 4 or "".join(mark + word for mark, word in parts) != text:
        return None
    marks, words = [mark for mark, _ in parts if mark], [word.strip(",;/、") for _, word in parts if word]
    order = "".join("m" if mark else "w" for mark, _ in parts)
    meant = [True if word in YES else False if word in NO else None for word in words]
    if order not in ("mwmw", "wmwm") or sorted(meant, key=str) != [False, True]:
        return None
    ticked = [bool(answer) for mark, answer in zip(marks, meant, strict=True) if mark.strip("()") in TICKS | {"V"}]
    return ticked if len(ticked) == 1 else []
