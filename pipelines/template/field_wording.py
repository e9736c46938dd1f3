"""A field in words: how to fill it in, within which limits, with an example."""

from pipelines.reference.form import Field

APPLIES = {
    "all": "全部",
    "urban": "城市社区、城镇社区",
    "rural": "农村社区",
    "shared_funding": "市、区两级共担经费的区",
}
_HOW = {
    "code": "文本格式的代码，已按名册填好，请勿改动",
    "text": "文字",
    "flag": "在下拉框中选“是”或“否”",
    "count": "整数，没有的填 0",
    "number": "数字，可带小数",
    "money": "数字，可带小数",
    "percent": "0 至 100 之间的数，例如百分之九十二点五填 92.5",
    "month": "写到月份的文本",
}
_EXAMPLES = {"flag": "是", "number": "320.5", "money": "10.5", "percent": "92.5", "month": "2019-06"}


def header(field: Field) -> str:
    """The column's header: the label, and on a line of its own the unit in brackets where there is one."""
    return f"{field.label}\n（{field.unit}）" if field.unit else field.label


def how(field: Field) -> str:
    """How an answer of this type is written, in Chinese."""
    if field.type == "choice":
        return f"在下拉框中选择：{'、'.join(field.choices)}"
    return _HOW[field.type]


def limit(field: Field) -> str:
    """The limits in words, or nothing."""
    if field.type in ("count", "number", "money"):
        return f"0 至 {field.max}" if field.max is not None else "不小于 0"
    return "0 至 100" if field.type == "percent" else ""


def example(field: Field) -> str:
    """An example of an answer as text; empty where the type has none."""
    if field.type == "count":
        return "5" if (field.max or 0) < 10000 else "850"
    return field.choices[0] if field.type == "choice" else _EXAMPLES.get(field.type, "")


def prompt(field: Field) -> str:
    """Input prompt of the cell: at most 255 characters."""
    sample = example(field) if field.type in ("month", "money", "number") else ""
    parts = [
        how(field),
        f"例如 {sample}" if sample else "",
        f"范围：{limit(field)}{field.unit or ''}" if limit(field) else "",
        field.help or "",
    ]
    text = "。".join(part for part in parts if part)
    if field.applies != "all":
        text += f"。只由{APPLIES[field.applies]}填写"
    return text[:255]


def complaint(field: Field) -> str:
    """Error message of the cell's validation: at most 255 characters."""
    return f"“{field.label}”应填：{how(field)}{'，' + limit(field) if limit(field) else ''}。请改正或留空。"[:255]
