"""What waits for somebody is told at once, once, to the clerk and to the county that can mend it."""

from datetime import datetime

import pytest
import yaml

from pipelines.intake import answer_matters
from pipelines.months import SHANGHAI
from pipelines.notify import dispatch, matter_messages
from pipelines.notify.contacts import Contacts
from pipelines.settings import Settings

NOW = datetime(2019, 7, 3, 9, tzinfo=SHANGHAI)
NAMES = {"130524": "柏乡县", "130571": "开发区"}


def matter(key: str, kind: str = "warning", county: str | None = "130524", state: str = "open", seq: int = 7) -> dict:
    about = {"county": county, "month": "2019-06" if county else None, "file": "柏乡.xlsx", "since": "2019-07-03T09:00"}
    return {"id": key, "kind": kind, "state": state, "seq": seq, "message": "【x】户数变动超过20%。", **about}


@pytest.fixture
def written(tmp_path, monkeypatch):
    """`written(matters)`: the messages that are written down while these wait."""
    place = Settings(tmp_path, tmp_path)
    contacts = {"city": "c@x.example", "counties": {"130524": "b@x.example"}, "site": "https://city.example"}
    (tmp_path / "contacts.yaml").write_text(yaml.safe_dump(contacts))
    monkeypatch.setattr(dispatch.month_now, "counties", lambda *_: NAMES)

    def now(*matters: dict) -> list:
        monkeypatch.setattr(answer_matters, "kept", lambda *_: list(matters))
        return dispatch.matters(place, NOW)

    return now


def test_clerk_and_county_are_told_in_these_words(written):
    clerk, county = written(matter("a"), matter("b", "refused_file"), matter("c", "no_county", None))
    assert (clerk.to, clerk.subject) == ("c@x.example", "新的待办事项 3 件")
    counted = "未答复的需核实问题 1 件，退回的文件 1 件，看不出县（市、区）或月份的文件 1 件"
    assert clerk.body.startswith(f"新的待办事项：{counted}。\n")
    assert (
        "- 柏乡县2019年6月未答复的需核实问题，“柏乡.xlsx”（第 7 号）：【x】户数变动超过20%。\n  怎么办：县里改正"
        in clerk.body
    )
    assert clerk.brief == f"新的待办事项：{counted}。" and clerk.link == "https://city.example/reporting?room=matters"
    assert (county.to, county.subject) == ("b@x.example", "柏乡县报表有 2 件待办事项")
    assert "回执" in county.body and "https://city.example/reporting?room=upload" in county.body and not county.brief


def test_what_was_told_is_not_told_again_and_what_comes_back_is(written):
    assert len(written(matter("a"))) == 2
    assert written(matter("a")) == []
    # sent again with the same trouble: the same matter
    assert written(matter("a", seq=9)) == []
    assert written(matter("a", state="dismissed")) == []
    assert len(written(matter("a", seq=12))) == 2


def test_an_explanation_is_told_to_the_clerk_alone(written):
    written(matter("a"))
    (clerk,) = written(matter("a", state="explained"))
    assert "待采纳的情况说明 1 件" in clerk.body


def test_a_county_without_address_stands_in_the_clerks_message(written):
    (clerk,) = written(matter("a", county="130571"))
    assert "开发区2019年6月" in clerk.body


def test_a_mail_lists_the_first_and_counts_the_rest():
    many = [matter(str(n)) for n in range(50)]
    clerk, county = matter_messages.written(many, NAMES, Contacts(city="c@x", counties={"130524": "b@x"}), NOW)
    for message in (clerk, county):
        assert message.body.count("怎么办") == 20 and "另有 30 件，见报送页。" in message.body
