"""CSV: encodings, separators, quotes, and the line that is named where something is wrong."""

import pytest

from pipelines.workbook.open_workbook import Unreadable, open_workbook

ROWS = [["代码", "名称"], ["130502001001", "甲村"], ["130502001002", None, "二\n行"]]


def text(separator: str = ",", end: str = "\r\n") -> str:
    lines = ["代码{s}名称", "130502001001{s}甲村", '130502001002{s}{s}"二\n行"', ""]
    return end.join(lines).replace("{s}", separator)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_each_encoding_is_recognised(encoding):
    workbook = open_workbook(text().encode(encoding), "表.csv")
    assert workbook.kind == "csv"
    assert (workbook.sheets[0].rows, workbook.notes) == (ROWS, [])


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_each_separator_is_recognised_and_a_quoted_line_break_starts_no_row(separator, end):
    workbook = open_workbook(text(separator, end).encode(), "表.csv")
    assert workbook.sheets[0].rows == ROWS


def refusal(data: bytes, name: str = "表.csv") -> tuple[str, str]:
    with pytest.raises(Unreadable) as caught:
        open_workbook(data, name)
    return caught.value.code, caught.value.detail


def test_bytes_that_fit_no_encoding_are_named_with_their_line():
    assert refusal("代码,名称\n1,甲村\n2,".encode("gb18030") + b"\xff\xff\n") == (
        "bad_encoding",
        "第 3 行有不是 GB18030 的字节 ff ff 0a",
    )


def test_utf8_with_a_broken_line_is_not_taken_for_gb18030():
    lines = "".join(f"{i},甲村委会乙村委会\n" for i in range(30)).encode().splitlines(keepends=True)
    lines[11] = "11,丙村\n".encode("gb18030")
    assert refusal(b"".join(lines)) == ("bad_encoding", "第 12 行有不是 UTF-8 的字节 b1 fb b4 e5")


def test_a_quote_that_is_never_closed_swallows_nothing():
    assert refusal('代码,名称\n1,"甲村\n2,乙村\n'.encode()) == ("bad_quotes", "第 3 行")


def test_a_text_without_final_newline_is_noted():
    assert open_workbook("代码,人数\n1,12".encode(), "表.csv").notes == [("no_final_newline", "第2行")]


def test_one_column_is_a_table_only_under_a_name_that_says_so():
    assert open_workbook("代码\n1\n".encode(), "表.csv").sheets[0].rows == [["代码"], ["1"]]
    assert refusal("代码\n1\n".encode(), "表.xlsx") == ("not_a_workbook", "实际为纯文本")


def test_a_csv_named_xlsx_is_read_and_noted():
    assert open_workbook(text().encode(), "表.xlsx").notes == [("extension_differs", "实际为 csv")]


def test_values_are_texts_and_blank_lines_keep_their_row():
    rows = open_workbook(b"a,b\n\n007, x \n,,\n", "a.csv").sheets[0].rows
    assert rows == [["a", "b"], [], ["007", " x "]]


def test_a_cell_beyond_all_measure_is_refused():
    assert refusal(b"a,b\n" + b"x" * 200_000 + b",1\n")[0] == "too_large"
