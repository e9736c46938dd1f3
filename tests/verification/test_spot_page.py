"""The page 抽查 and what stands beside the figures: plan, draw, result; what a visitor may see."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pipelines.monthly import republish_after_check
from tests.dashboards.conftest import texts
from tests.verification import spot_office
from tests.verification.spot_office import FACILITY, all_so, at, but, drawn, send

APP = Path(__file__).parents[2] / "dashboards" / "app.py"


@pytest.fixture
def page(monkeypatch, office):
    """`page(name, **address)`: a page of this installation, run once."""
    monkeypatch.setenv("SHEQU_DATA", str(office.settings.data))
    monkeypatch.setenv("SHEQU_REFERENCE", str(office.settings.reference))

    def run(name: str, **address: str) -> AppTest:
        opened = AppTest.from_file(str(APP), default_timeout=900)
        if name != "overview":
            opened.switch_page(f"app_pages/{name}.py")
        for key, value in address.items():
            opened.query_params[key] = value
        opened.run()
        assert not opened.exception, opened.exception
        return opened

    return run


def _click(opened: AppTest, label: str) -> AppTest:
    [button] = [button for button in opened.button if button.label == label]
    button.click().run()
    assert not opened.exception, opened.exception
    return opened


def test_a_clerk_plans_and_draws_a_list(page, office):
    opened = page("spot", room="plan")
    opened.multiselect(key="spot-indicators").select(FACILITY).run()
    assert "个不实即不达标" in texts(opened) and "合计至多走访" in texts(opened)
    opened.text_input(key="spot-source").input("排列5")
    opened.text_input(key="spot-issue").input("2020101")
    opened.text_input(key="spot-by").input("李某")
    assert "已定为 1 号名单" in texts(_click(opened, "定下名单（记入台账）"))
    due = spot_office.planned(office)
    opened = page("spot")
    assert "1 号名单" in texts(opened) and f"{due} 号名单" in texts(opened)
    opened.text_input(key="spot-by").input("李某").run()
    opened.text_input(key=f"digits-{due}").input("12345")
    opened.text_input(key=f"where-{due}").input("体彩网")
    [button] = [b for b in opened.button if b.label == "抽取名单" and not b.disabled]
    button.click().run()
    assert f"{due} 号名单已抽取" in texts(opened) and "与台账一致" in texts(opened)


def test_the_check_stands_beside_the_figure(page, office):
    spot_list = drawn(office)
    code = spot_office.now_of(office, spot_list).units[spot_list.planned_keys()[0][0]].code
    send(office, spot_list, but(code, "不属实", note="没有房子"), at(3))
    [made] = republish_after_check.follow(office.settings)
    opened = page("indicator", indicator=FACILITY, part="spot")
    said = texts(opened)
    assert "抽查" in said and "有 95% 的把握" in said and "2020年4月抽查" in said
    said = texts(_click(opened, "验证抽取：重新算一遍种子和次序"))
    assert "已由号码重新算出种子和次序，与台账一致" in said
    listed = "".join(item.proto.body for item in page("quality").get("html"))
    assert "排列5 第2020101期" in listed and "已结束" in listed
    overview = texts(page("overview"))
    assert "抽查：" in overview and "2020年4月抽查" in overview, made
    assert "**抽查**" in texts(page("unit", unit=code))
    assert "抽查：所报的有多少属实" in texts(page("county", county="130524", part="spot")), (
        "the county is a stratum by itself"
    )


def test_a_page_without_any_check_says_how_to_begin(page):
    assert "还没有作过抽查" in texts(page("spot"))
    assert "已达标（未经抽查）" in texts(page("indicator", indicator=FACILITY))


def test_results_of_a_list_are_seen_by_everybody_and_its_units_are_not(page, office):
    spot_list = drawn(office)
    send(office, spot_list, all_so, at(3))
    said = texts(page("spot"))
    assert "已达标（经抽查核实）" in said and "双侧区间" in said
    assert not [unit.name for unit in spot_list.units.values() if unit.name in said]
