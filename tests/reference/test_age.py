"""What is said of old reference data, on both sides of each limit, and what `shequ reference check` prints."""

import json
import shutil
from datetime import date

import pytest
from click.testing import CliRunner

from pipelines import settings
from pipelines.cli.commands import main
from pipelines.reference import age, reference_bundle
from tests import small_city


@pytest.fixture(scope="module")
def reference():
    return reference_bundle.load(settings.REPOSITORY / "data" / "reference")


def ids(reference, month: date) -> set[str]:
    return {caveat.id for caveat in age.caveats(reference, month)}


def test_nothing_is_said_of_a_month_of_the_policy(reference):
    assert ids(reference, date(2019, 6, 1)) == set()


def test_a_roster_of_eighteen_months_is_not_old_and_one_of_nineteen_is(reference):
    """The last edition has its cut-off in 2023-06."""
    assert "roster:2023" not in ids(reference, date(2024, 12, 1))
    [said] = [c for c in age.caveats(reference, date(2025, 1, 1)) if c.id == "roster:2023"]
    assert said.says == (
        "2025年1月使用的是2023年版名册（截止2023-06-30），距今已19个月；其后新设、撤并的社区（村）不在其中，请登记新版名册"
    )


def test_a_policy_is_said_to_have_ended_from_the_month_after_its_last_due_month(reference):
    assert "policy:opinions-2018" not in ids(reference, date(2020, 12, 1))
    [said] = [c for c in age.caveats(reference, date(2021, 1, 1)) if c.kind == "policy"]
    assert said.says == "《关于加强和完善城乡社区治理的实施意见》的期限已于2020年12月届满，其结论为期满后的情况"


def test_where_no_policy_is_in_force_any_more_it_says_when_the_last_one_ended(reference):
    assert "policy:none" not in ids(reference, date(2025, 12, 1))
    [said] = [c for c in age.caveats(reference, date(2026, 1, 1)) if c.id == "policy:none"]
    assert said.says == "目前没有仍在期限内的政策：最后一项的期限已于2025年12月届满"


def test_a_year_without_holidays_is_said_of_the_months_that_are_due_in_it(reference):
    last = max(reference.calendar.years_known)
    assert f"calendar:{last}" not in ids(reference, date(last, 11, 1))
    assert f"calendar:{last + 1}" in ids(reference, date(last, 12, 1))


def test_reference_data_without_a_calendar_takes_the_programs_own(tmp_path):
    folder = small_city.make(tmp_path / "reference")
    (folder / "calendar.yaml").unlink()
    assert "calendar:2019" not in ids(reference_bundle.load(folder), date(2019, 6, 1))


# ---- the command


@pytest.fixture
def folder(tmp_path):
    return small_city.make(tmp_path / "reference")


def check(folder, *more: str):
    environment = {"SHEQU_REFERENCE": str(folder)}
    return CliRunner().invoke(main, ["reference", "check", "--month", "2019-06", *more], env=environment)


def test_the_check_lists_what_there_is(folder):
    done = check(folder)
    assert done.exit_code == 0, done.output
    assert "表样　　2018.2、2018.1（首个为现行版本）" in done.output
    assert "名册　　2019年版，截止2019-10-31，" in done.output
    assert "关于加强和完善城乡社区治理的实施意见（opinions-2018），2018-07 至 2020-12" in done.output


def test_a_roster_that_is_not_listed_is_an_error_with_the_entry_to_add(folder):
    shutil.copy(folder / "rosters" / "xingtai_2020.csv", folder / "rosters" / "xingtai_2024.csv")
    assert "未登记　xingtai_2024.csv（" in check(folder).output
    done = check(folder, "--json")
    assert done.exit_code == 1
    [file] = json.loads(done.output)["unlisted"]
    assert file["file"] == "xingtai_2024.csv" and file["units"] > 100
    assert "unlisted:xingtai_2024.csv" in ids(reference_bundle.load(folder), date(2019, 6, 1))
    editions = folder / "rosters" / "editions.yaml"
    editions.write_text(editions.read_text() + file["entry"].replace("MM-DD", "06-30") + "\n")
    done = check(folder)
    assert done.exit_code == 0 and "名册　　2024年版，截止2024-06-30，" in done.output


@pytest.mark.parametrize(
    ("content", "said"),
    [("code,name\n130524100201,某村委会\n".encode(), "缺少列"), ("代码,名称\n".encode("gb18030"), "不是 UTF-8 编码")],
)
def test_a_file_that_cannot_be_a_roster_is_told_with_the_reason(folder, content, said):
    (folder / "rosters" / "xingtai_2024.csv").write_bytes(content)
    done = check(folder)
    assert done.exit_code == 1
    assert "xingtai_2024.csv" in done.output and said in done.output
