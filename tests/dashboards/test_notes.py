"""Notes on the time axis: decisions about an indicator or all of them, shown until they are taken back."""

from datetime import date

from pipelines import settings
from pipelines.intake import decisions
from tests.dashboards.conftest import texts


def test_a_note_stands_on_the_axis_until_it_is_taken_back(app, fresh):
    place, month = settings.load(fresh), date(2020, 6, 1)
    about_all = decisions.annotate(month, "县委会议要求年底前补齐", place, "李某")
    decisions.annotate(month, "只说这一项", place, "李某", "platform_rural")
    page = app(fresh, "indicator", indicator="platform_urban")
    assert not page.exception and "县委会议要求年底前补齐（李某，" in texts(page) and "只说这一项" not in texts(page)
    decisions.withdraw(about_all.seq, "记错了", place, "李某")
    page = app(fresh, "indicator", indicator="platform_rural")
    assert "只说这一项" in texts(page) and "县委会议" not in texts(page)
