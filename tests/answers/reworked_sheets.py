"""What counties do to the form without changing what they mean. Each function takes a page and a random source and reworks it in place."""

from decimal import Decimal
from itertools import groupby
from random import Random

from pipelines.reference import labels
from tests.answers.sheets_of_a_form import Column, Page, form, plain

FLAGS = [
    ("是", "否"),
    ("有", "无"),
    ("√", "×"),
    ("✓", "✗"),
    ("已建", "未建"),
    ("达标", "未达标"),
    ("1", "0"),
    (1, 0),
    ("Y", "N"),
    (" 是 ", "否\n"),
    (True, False),
    ("已成立", "无"),
]
MONTHS = [
    "{y}-{m:02d}",
    "{y}.{m}",
    "{y}年{m}月",
    "{y}{m:02d}",
    "{y}/{m}/1",
    "{y}/{m:02d}",
    "{y} 年 {m} 月",
    "{y}-{m:02d}-01",
]
MONEY = [("元", 10000), ("千元", 10), ("亿元", Decimal("0.0001")), ("万元", 1)]
AREA = [("平方米", 1), ("㎡", 1), ("百㎡", Decimal("0.01")), ("m²", 1), ("平米", 1)]
BRACKETS = ["({})", "({})", "[{}]", "【{}】", "\n({})", " ( {} )", "(单位:{})", ",{}", "/{}"]
ORDINALS = ["{}.", "{}、", "({})", "({})", "{} ", "{}.\n", "*"]


def shuffle_columns(page: Page, random: Random) -> None:
    random.shuffle(page.columns)


def use_aliases(page: Page, random: Random) -> None:
    for column in page.columns:
        if column.question and random.random() < 0.7:
            column.header[-1] = random.choice(column.question.names)


def add_ordinals(page: Page, random: Random) -> None:
    style = random.choice(ORDINALS)
    for number, column in enumerate(page.columns, 1):
        column.header[-1] = style.format(number) + column.header[-1]


def break_lines(page: Page, random: Random) -> None:
    """Line breaks and spaces of all kinds inside labels."""
    for column in page.columns:
        text = column.header[-1]
        cut = random.randint(1, max(1, len(text) - 1))
        # before a bracket or after 其中 as well: nowhere does white space mean anything
        column.header[-1] = text[:cut] + random.choice(["\n", " ", "\u3000", "\r\n", "\u00a0", "\u200b"]) + text[cut:]


def widen(page: Page, random: Random) -> None:
    """Full-width brackets, colons and letters."""
    table = str.maketrans("():,/", "():,/")
    for column in page.columns:
        column.header[-1] = column.header[-1].translate(table)


def state_units(page: Page, random: Random) -> None:
    """Units of the same quantity in the header; the numbers are written in them."""
    for column in page.columns:
        question = column.question
        if question is None or question.type not in ("money", "number", "count") or random.random() < 0.2:
            continue
        unit, factor = _unit(question, random)
        if unit is None:
            continue
        column.header[-1] += random.choice(BRACKETS).format(unit)
        meant = [page.meant[u.code][question.id] for u in page.units]
        column.values = [None if value is None else _number(Decimal(value) * factor) for value in meant]


def _unit(question, random: Random):
    if question.type == "money":
        return random.choice(MONEY)
    if question.unit == "㎡":
        return random.choice(AREA)
    return question.unit, Decimal(1)


def _number(value: Decimal) -> object:
    return int(value) if value == value.to_integral_value() else float(value)


def add_remarks(page: Page, random: Random) -> None:
    for column in page.columns:
        if random.random() < 0.3:
            column.header[-1] += random.choice(["(必填)", "(截至月末)", "(没有的填0)", "(选填)", "*"])


def group(page: Page, random: Random) -> None:
    """A merged group row over columns that stand together; columns of a single group are merged down or go without."""
    for name, run in groupby(page.columns, key=lambda column: column.question.group if column.question else None):
        columns = list(run)
        if name and (len(columns) > 1 or random.random() < 0.3):
            for column in columns:
                column.header.insert(0, name)


def group_twice(page: Page, random: Random) -> None:
    """Three header rows: a group of groups over neighbouring columns."""
    if max(len(column.header) for column in page.columns) > 2:
        return
    group(page, random)
    page.columns[0].header[:0] = []
    half = len(page.columns) // 2
    for i, column in enumerate(page.columns):
        if len(column.header) == 2:
            column.header.insert(0, "一、基础信息" if i < half else "二、工作情况")


def hint_row(page: Page, random: Random) -> None:
    """A row of units under the labels."""
    stated = any("(" in c.header[-1] or "[" in c.header[-1] for c in page.columns)
    page.hint_row = not stated


def extra_columns(page: Page, random: Random) -> None:
    for name in random.sample(["序号", "备注", "上报批次", "上级核定数", "街道排名", "完成率(%)", "文件依据"], 3):
        values = [i if name == "序号" else random.choice(["无", None, 3, "√"]) for i in range(1, len(page.units) + 1)]
        page.columns.insert(random.randint(0, len(page.columns)), Column(None, [name], values, [None] * len(values)))


def subtotals(page: Page, random: Random) -> None:
    """小计 after each town and 合计 at the end, in the name's or the town's column, some with wrong sums."""
    where = random.choice(["name", "town"])
    start = 0
    for i, unit in enumerate(page.units, 1):
        if i == len(page.units) or page.units[i].town != unit.town:
            text = random.choice(["小计", "小 计", f"{unit.town}小计", "乡镇小计", "小计:"])
            page.inserted.setdefault(i, []).append(_total(page, where, text, range(start, i)))
            start = i
    page.inserted.setdefault(len(page.units), []).append(
        _total(page, where, random.choice(["合计", "合 计", "总计", "全县合计"]), range(len(page.units)))
    )


def _total(page: Page, where: str, text: str, span: range) -> list[object]:
    row: list[object] = []
    for column in page.columns:
        question = column.question
        if question is None:
            row.append(None)
        elif question.id == where:
            row.append(text)
        elif question.type in ("count", "money"):
            row.append(sum(column.values[i] or 0 for i in span if isinstance(column.values[i], (int, float))))
        else:
            row.append(None)
    return row


def repeat_header(page: Page, random: Random) -> None:
    from tests.answers.sheets_of_a_form import header_rows

    for i in range(random.randint(2, 5), len(page.units), random.randint(3, 6)):
        page.inserted.setdefault(i, [])[:0] = header_rows(page)


def blank_rows(page: Page, random: Random) -> None:
    for i in random.sample(range(len(page.units) + 1), 3):
        page.inserted.setdefault(i, []).append([])


def more_above(page: Page, random: Random) -> None:
    page.above = random.choice(
        [[["单位:户、人、个、㎡、万元"]], [[], ["附件1"]], [["表号:社区1表", None, "制定机关:邢台市民政局"]]]
    )
    page.blank_top = random.randint(0, 3)


def more_below(page: Page, random: Random) -> None:
    page.below = [
        [],
        ["说明:1.本表统计时点为月末;2.没有的填0。"],
        ["单位负责人:张某", None, None, "审核人:李某", None, "填表人:王某"],
        [None, "联系电话:0319-1234567"],
        ["2019年7月3日", None, "(盖章)"],
    ]


def other_sheets(page: Page, random: Random) -> None:
    page.others = [
        ("填表说明", [["一、怎样填"], ["1.", "居民户数按月末数填报。"]]),
        ("Sheet3", []),
        ("乡镇名单", [["序号", "乡镇"], [1, "柏乡镇"]]),
    ]
    page.sheet = random.choice(["2019.6", "表一", "Sheet2", "社区"])
    page.record_sheet = random.choice(["Sheet1", "工作情况", "表二"])
    page.sheets_swapped = random.random() < 0.5


def hide(page: Page, random: Random) -> None:
    page.hidden_rows = random.sample(range(len(page.units)), 2)
    page.hidden_columns = random.sample(range(len(page.columns)), 2)


def codes_as_numbers(page: Page, random: Random) -> None:
    column = page.column("code")
    column.values = [float(value) if value and random.random() < 0.7 else value for value in column.values]


def decorated_codes(page: Page, random: Random) -> None:
    wide = str.maketrans("0123456789", "0123456789")
    column = page.column("code")
    styles = ["'{}", " {} ", "{}", "{}000", "{}\u00a0"]
    column.values = [
        random.choice(styles).format(value).translate(random.choice([wide, {}])) if isinstance(value, str) else value
        for value in column.values
    ]


def codes_missing(page: Page, random: Random) -> None:
    """Some codes are not filled in; the names are unique in their town."""
    column = page.column("code")
    for i in random.sample(range(len(page.units)), 4):
        column.values[i] = None


def merge_towns(page: Page, random: Random) -> None:
    page.merge_towns = True


def flag_words(page: Page, random: Random) -> None:
    yes, no = random.choice(FLAGS)
    for column in page.columns:
        if column.question and column.question.type == "flag":
            meant = [page.meant[unit.code][column.question.id] for unit in page.units]
            column.values = [None if value is None else yes if value else no for value in meant]


def month_words(page: Page, random: Random) -> None:
    style = random.choice(MONTHS)
    for column in page.columns:
        if column.question and column.question.type == "month":
            meant = [page.meant[unit.code][column.question.id] for unit in page.units]
            column.values = [None if value is None else style.format(y=value.year, m=value.month) for value in meant]


def numbers_as_text(page: Page, random: Random) -> None:
    """Text, thousands separators, full width, units behind; only where the column's unit is the form's."""
    wide = str.maketrans("0123456789.,", "0123456789.,")
    for column in page.columns:
        question = column.question
        if (
            question is None
            or question.type not in ("count", "number", "money")
            or column.header[-1] not in question.names
        ):
            continue
        for i, unit in enumerate(page.units):
            value = page.meant[unit.code][question.id]
            if value is not None and random.random() < 0.4:
                text = f"{value:,}"
                column.values[i] = random.choice(
                    [text, str(value), text.translate(wide), f"{text}{question.unit}", f" {text} ", f"+{value}"]
                )


def blanks(page: Page, random: Random) -> None:
    """Not answered, in the ways of not answering."""
    for column in page.columns:
        if column.question and not column.question.required and column.question.id != "town":
            column.values = [
                random.choice([None, "", " ", "-", "—", "/", "——"]) if value is None else value
                for value in column.values
            ]


def percents(page: Page, random: Random) -> None:
    column = page.column("satisfaction")
    for i, unit in enumerate(page.units):
        value = page.meant[unit.code]["satisfaction"]
        if value is None:
            continue
        choice = random.randint(0, 2)
        if choice == 0:
            column.values[i], column.formats[i] = float(value / 100), "0.00%"
        elif choice == 1:
            column.values[i] = f"{value}%"
        else:
            column.values[i] = float(value)


def _is_plain(rows: list) -> bool:
    return rows[1] == ["序号", "项目", "单位", "填报值", "备注"]


def _converted(rows: list) -> bool:
    return any(row[2] == "元" and row[1] != "上年度在岗职工平均工资" for row in rows[2:] if len(row) == 5)


def record_columns(page: Page, random: Random) -> None:
    """表2 with its columns in another order, some left out."""
    orders = [[1, 3, 2, 4, 0], [0, 1, 3, 2], [3, 1, 2], [1, 2, 3], [4, 2, 0, 3, 1]]
    # without its unit column a record can only be in the form's units
    order = random.choice(orders if _converted(page.record_rows) else [*orders, [1, 3]])
    if _is_plain(page.record_rows):
        title, *rows = page.record_rows
        page.record_rows = [title, *([row[i] for i in order] for row in rows)]


def record_without_header(page: Page, random: Random) -> None:
    if _is_plain(page.record_rows):
        title, _, *rows = page.record_rows
        page.record_rows = [title, *([row[1], row[2], row[3]] for row in rows)]


def record_side_by_side(page: Page, random: Random) -> None:
    if _is_plain(page.record_rows):
        title, *rows = page.record_rows
        head, *body = [row[:4] for row in rows]
        half = len(body) // 2
        page.record_rows = [
            title,
            head + head,
            *(left + right for left, right in zip(body[:half], body[half:], strict=True)),
        ]


def record_sideways(page: Page, random: Random) -> None:
    if _is_plain(page.record_rows):
        title, _, *body = page.record_rows
        converted = _converted(page.record_rows)
        unit = [[row[2] for row in body]] if converted or random.random() < 0.5 else []
        page.record_rows = [title, [row[1] for row in body], *unit, [row[3] for row in body]]


def record_units(page: Page, random: Random) -> None:
    """表2 in other units of the same quantity, said in its unit column."""
    for row in page.record_rows[2:] if _is_plain(page.record_rows) else []:
        if row[2] == "万元" and row[3] is not None:
            row[2], row[3] = "元", float(Decimal(repr(row[3])) * 10000)


LAYOUT = [
    shuffle_columns, use_aliases, break_lines, add_ordinals, widen, extra_columns, group, group_twice, hint_row, subtotals,
    repeat_header, blank_rows, more_above, more_below, other_sheets, hide, merge_towns,
]  # fmt: skip
WORDS = [
    flag_words,
    month_words,
    percents,
    state_units,
    add_remarks,
    numbers_as_text,
    blanks,
    codes_as_numbers,
    decorated_codes,
    codes_missing,
]
RECORD = [record_units, record_columns, record_without_header, record_side_by_side, record_sideways]
# Values before labels, labels before groups, rows last: later ones build on what earlier ones made.
ORDER = [
    flag_words, month_words, percents, codes_as_numbers, decorated_codes, codes_missing, use_aliases, numbers_as_text, state_units,
    add_remarks, blanks, shuffle_columns, extra_columns, break_lines, add_ordinals, widen, group, group_twice, hint_row, subtotals,
    repeat_header, blank_rows, more_above, more_below, other_sheets, hide, merge_towns, *RECORD,
]  # fmt: skip


def apply(page: Page, chosen: list, random: Random) -> Page:
    """The chosen reworks in the order in which they can follow each other."""
    for rework in ORDER:
        if rework in chosen:
            rework(page, random)
    return page


__all__ = ["LAYOUT", "ORDER", "RECORD", "WORDS", "apply", "form", "labels", "plain"]
