"""Full-width punctuation for Chinese text from the form, the register and other declarations, which are written with ASCII marks."""

import re

_FULL_WIDTH = str.maketrans(",:;()?!", "，：；（）？！")
_MARK = re.compile(r"[,:;()?!]")


def full_width(text: str) -> str:
    """The text with the marks of Chinese print: `1,276个社区(村),` keeps the comma inside the number only."""
    return text if text.isascii() else _MARK.sub(_converted, text)


def _converted(mark: re.Match[str]) -> str:
    before, after = mark.string[mark.start() - 1 : mark.start()], mark.string[mark.end() : mark.end() + 1]
    inside = before.isascii() and before.isalnum() and after.isascii() and after.isalnum()
    return mark[0] if inside and mark[0] in ",:" else mark[0].translate(_FULL_WIDTH)
