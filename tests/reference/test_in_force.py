"""What is in force in a month: questions, indicators and targets with dates, and the form's versions (semantics §4)."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from pipelines.errors import Refusal
from pipelines.reference import form
from pipelines.reference.policy import register
from tests import small_city

REFERENCE = small_city.REFERENCE
JUNE, JULY = date(2019, 6, 1), date(2019, 7, 1)
HEAD = "policy: {id: opinions-2018, title: 意见, issuer: 市委, published: 2018-07-19, since: 2018-07, due: 2020-12}\nindicators:\n"
COMMON = 'name: 一项, wording: required, unit: "%", clause: 五, quote: 完善村民中心功能, of: community, share: facility'


@pytest.fixture
def registered(tmp_path):
    """`registered(entry, ...)`: a register with these indicators only."""

    def loaded(*entries: str) -> register.Register:
        place = tmp_path / "policies" / "opinions-2018"
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(REFERENCE / "policies" / "opinions-2018" / "text.txt", place)
        lines = "".join(f"  - {{{entry}, {COMMON}}}\n" for entry in entries)
        (place / "register.yaml").write_text(HEAD + lines, encoding="utf-8")
        return register.load(tmp_path, form.load(REFERENCE))

    return loaded


def goals(measured: register.Register, *months: date) -> list[str | None]:
    targets = [measured.in_month(month)["one"].target for month in months]
    return [target and target.label for target in targets]


def test_an_indicator_is_in_the_register_of_its_months_only(registered):
    measured = registered("id: one, since: 2019-07", "id: two, until: 2019-06", "id: three")
    assert [i.id for i in measured.in_month(JUNE)] == ["two", "three"]
    assert [i.id for i in measured.in_month(JULY)] == ["one", "three"]


def test_a_later_target_is_in_force_from_the_month_after_the_earlier_one_is_due(registered):
    measured = registered("id: one, target: [{at_least: 30, by: 2019-06}, {at_least: 60, by: 2020-12}]")
    assert goals(measured, date(2018, 8, 1), JUNE, JULY, date(2022, 1, 1)) == ["≥30", "≥30", "≥60", "≥60"]
    assert measured["one"].target.label == "≥60"


def test_a_changed_target_leaves_the_months_before_it(registered):
    measured = registered("id: one, target: [{at_least: 30, by: 2020-12}, {at_least: 60, by: 2020-12, since: 2019-07}]")
    assert goals(measured, JUNE, JULY) == ["≥30", "≥60"]


def test_a_target_that_has_ended_judges_no_later_month(registered):
    measured = registered("id: one, target: {at_least: 30, by: 2019-06, until: 2019-06}")
    assert goals(measured, JUNE, JULY) == ["≥30", None]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (
            "id: one, target: [{at_least: 30, by: 2020-12}, {at_least: 60, by: 2021-12}, "
            "{at_least: 70, by: 2021-12, since: 2019-07}]",
            "one：target 应按起始月份先后排列，≥70（2021-12）不晚于前一项开始；请写明 since 或调整顺序",
        ),
        ("id: one, since: 2019-07, until: 2019-06", "one：since（2019-07）晚于 until（2019-06）"),
    ],
)
def test_dates_out_of_order_are_refused(registered, entry, said):
    with pytest.raises(Refusal) as caught:
        registered(entry)
    assert str(caught.value) == said


# ---- versions of the form


@pytest.fixture
def folder(tmp_path) -> Path:
    for path in (REFERENCE / "form.yaml", REFERENCE / "form-2018.1.yaml"):
        shutil.copy(path, tmp_path)
    return tmp_path


def test_earlier_versions_stay_readable_and_their_questions_stay_columns(folder):
    old = folder / "form-2018.1.yaml"
    old.write_text(old.read_text().replace("{id: elders_association, ", "{id: elders_circle, "))
    loaded = form.load(folder)
    assert [version.version for version in loaded.versions] == [loaded.version, "2018.1"]
    assert {"elders_association", "elders_circle"} <= loaded.community.by_id.keys()
    assert "elders_circle" not in loaded.newest.community.by_id
    assert loaded.of_version("2018.1").community.by_id.keys() == loaded.oldest.community.by_id.keys()


def test_a_question_that_changed_its_quantity_needs_another_id(folder):
    old = folder / "form-2018.1.yaml"
    old.write_text(
        old.read_text().replace("label: 应急避难场所, type: flag", "label: 应急避难场所, type: count, unit: 个")
    )
    with pytest.raises(Refusal) as caught:
        form.load(folder)
    assert str(caught.value) == (
        "字段 shelter 在版本 2018.1 中是 count（个），在版本 2018.2 中是 flag；含义变了的问题请换用新的 id"
    )


def test_a_version_file_is_named_for_its_version(folder):
    (folder / "form-2018.1.yaml").rename(folder / "form-2017.yaml")
    with pytest.raises(Refusal, match=r"form-2017.yaml：文件名应与其中的 version（2018.1）一致，即 form-2018.1.yaml"):
        form.load(folder)


def test_questions_and_rules_are_asked_in_their_months(folder):
    newest = folder / "form.yaml"
    text = newest.read_text().replace(
        "label: 应急避难场所, type: flag", "label: 应急避难场所, type: flag, since: 2019-07"
    )
    newest.write_text(text.replace("- {id: area_unit_slip, ", "- {id: area_unit_slip, until: 2019-06, "))
    loaded = form.load(folder)
    assert "shelter" not in loaded.in_month(JUNE).community.by_id
    assert "shelter" in loaded.in_month(JULY).community.by_id
    assert [rule.id for rule in loaded.rules if rule not in loaded.in_month(JULY).rules] == ["area_unit_slip"]
