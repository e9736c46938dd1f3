"""Who may do what is checked where it is done: calling past the pages does not help."""

import shutil
from datetime import datetime
from pathlib import Path

import pytest

from pipelines import months, settings
from pipelines.access import audit_log, roles
from pipelines.access.roles import MAY, Actor
from pipelines.archive.store import Archive
from pipelines.errors import Refusal
from pipelines.intake import decisions, submit_files
from pipelines.monthly import monthly_run
from pipelines.months import SHANGHAI

EXAMPLE = Path(__file__).parents[2] / "deploy" / "access.example.yaml"
MONTH = months.parse("2020-06")
BAIXIANG = Actor("赵柏乡", "县级", ("130524",), "baixiang@example.gov.cn")
LEADER, PLANNER, VISITOR = Actor("张领导", "领导"), Actor("王规划", "规划"), roles.ANYBODY


@pytest.fixture
def place(tmp_path):
    return settings.load(tmp_path)


def write(place, text: str) -> None:
    (place.data / "access.yaml").write_text(text, encoding="utf-8")


# ---- the file


def test_the_example_is_read_and_names_every_role(place):
    shutil.copy(EXAMPLE, place.data / "access.yaml")
    access = roles.load(place)
    assert {person.role for person in access.people} == {"领导", "县级", "市级", "规划"}
    assert access.find("BaiXiang@example.gov.cn ") == BAIXIANG
    assert access.find("fremd@example.gov.cn") is None


def test_a_person_struck_from_the_file_is_gone_at_once(place):
    write(place, "mode: oidc\npeople:\n- {id: a, name: 甲, role: 领导}\n- {id: b, name: 乙, role: 领导}")
    assert roles.load(place).find("b")
    write(place, "mode: oidc\npeople:\n- {id: a, name: 甲, role: 领导}")
    assert roles.load(place).find("b") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mode: oidc\npeople:\n- {id: a, name: 甲, role: 县级}", "甲：县级人员须写 counties"),
        ("mode: oidc\npeople:\n- {id: a, name: 甲, role: 领导, counties: ['130524']}", "其他人员不写"),
        ("mode: oidc\npeople:\n- {id: a, name: 甲, role: 县级, counties: ['柏乡']}", "“柏乡”不是六位代码"),
        ("mode: oidc\npeople:\n- {id: a, name: 甲, role: 领导}\n- {id: A, name: 乙, role: 领导}", "a 出现了两次"),
        ("mode: oidc\npeople:\n- {id: a, name: 甲, role: 领导}\n- {id: b, name: 甲, role: 领导}", "甲 出现了两次"),
        ("mode: oidc\npeople:\n- {id: a, name: 甲, role: 省级}", "“role”的值 '省级' 不合要求"),
        ("mode: oidc\npeople:\n- {id: a, name: 甲, rolle: 领导}", "不认识的键“rolle”；是否为 role"),
        ("mode: oidc", "须写 people"),
        ("mode: open", "“mode”的值 'open' 不合要求"),
        ("mode: local\nmode: oidc", "出现两次"),
        ("", "应为一组"),
    ],
)
def test_a_wrong_file_is_refused_and_lets_nobody_in(place, text, message):
    write(place, text)
    with pytest.raises(Refusal, match=message.replace("?", r"\?").replace("(", r"\(")):
        roles.load(place)


# ---- what a role may


def test_rights_are_as_the_order_says():
    assert MAY["领导"] == {"read", "units"}
    assert MAY["规划"] == {"read", "units", "export"}
    assert MAY["访客"] == {"read"}
    assert {"approve", "waive", "resolve", "reopen", "publish"} <= MAY["市级"]
    assert not {"approve", "waive", "resolve", "reopen", "publish"} & MAY["县级"]


@pytest.mark.parametrize("action", ["units", "submit", "export"])
def test_a_county_is_bound_to_its_own(action):
    assert roles.may(BAIXIANG, action, "130524")
    assert not roles.may(BAIXIANG, action, "130502")
    assert not roles.may(BAIXIANG, action)


ACTIONS = {
    "approve": lambda place, by: decisions.approve(MONTH, place, by),
    "reopen": lambda place, by: decisions.reopen(MONTH, "因", place, by),
    "waive": lambda place, by: decisions.waive("f", "因", MONTH, place, by),
    "resolve": lambda place, by: decisions.resolve("f", "u", place, by),
    "annotate": lambda place, by: decisions.annotate(MONTH, " ", place, by),
    "publish": lambda place, by: monthly_run.run(place, MONTH, by),
}


EVERYBODY = [BAIXIANG, LEADER, PLANNER, VISITOR, Actor("李市级", "市级"), roles.OPERATOR]
FOREIGN = "130502"


@pytest.mark.parametrize("action", roles.ACTIONS)
@pytest.mark.parametrize("by", EVERYBODY, ids=lambda by: by.role)
def test_every_role_and_every_action(place, action, by):
    """What the table of rights says is what happens where it is done; each refusal stands in the audit with who and what."""
    bound = by.role == "县级" and action != "read"
    for county, allowed in (("130524", action in MAY[by.role]), (FOREIGN, action in MAY[by.role] and not bound)):
        before = len(list(audit_log.since(place)))
        if allowed:
            assert roles.require(by, action, place, county=county) == by.name
        else:
            with pytest.raises(Refusal, match=rf"{by.role}）不能{roles.ACTIONS[action]}"):
                roles.require(by, action, place, county=county)
        events = list(audit_log.since(place))[before:]
        assert [(e.kind, e.by, e.body["action"], e.body["county"]) for e in events] == (
            [] if allowed else [("refused", by.name, action, county)]
        )


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("by", [Actor("李市级", "市级"), roles.OPERATOR], ids=lambda by: by.role)
def test_who_may_is_refused_for_what_it_is_and_not_for_who_asks(place, action, by):
    with pytest.raises(Refusal) as refused:
        ACTIONS[action](place, by)
    assert "）不能" not in str(refused.value) and not list(audit_log.since(place))


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("by", [BAIXIANG, LEADER, PLANNER, VISITOR], ids=lambda by: by.role)
def test_only_the_city_decides_also_when_called_directly(place, action, by):
    with pytest.raises(Refusal, match=rf"{by.role}）不能"):
        ACTIONS[action](place, by)
    (event,) = audit_log.since(place)
    assert (event.kind, event.by, event.body["action"]) == ("refused", by.name, action)
    assert not (place.data / "warehouse").exists()
    assert not place.archive.exists()


@pytest.mark.parametrize("by", [LEADER, PLANNER, VISITOR], ids=lambda by: by.role)
def test_who_only_reads_submits_nothing(place, tmp_path, by):
    file = tmp_path / "表.csv"
    file.write_text("一,二", encoding="utf-8")
    with pytest.raises(Refusal, match="不能报送"):
        submit_files.submit([file], place, by)
    assert not place.archive.exists()


def test_a_file_of_no_county_is_not_a_countys_own(place, tmp_path):
    file = tmp_path / "表.csv"
    file.write_text("一,二", encoding="utf-8")
    with pytest.raises(Refusal, match="看不出这是哪个县市区的"):
        submit_files.submit([file], place, BAIXIANG)
    (event,) = audit_log.since(place)
    assert event.body["file"] == "表.csv" and len(event.body["sha256"]) == 64
    assert not place.archive.exists()


# ---- addresses


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "::1", "127.1.2.3"])
def test_this_machine_is_served_without_sign_in(place, address):
    roles.may_listen(place, address, anonymous=False)
    assert roles.is_loopback(address)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "10.1.2.3", "", "127.evil.example"])  # noqa: S104
def test_any_other_address_needs_sign_in_or_the_wish_to_do_without(place, address):
    with pytest.raises(Refusal, match="没有设置登录，不予启动"):
        roles.may_listen(place, address, anonymous=False)
    roles.may_listen(place, address, anonymous=True)
    shutil.copy(EXAMPLE, place.data / "access.yaml")
    roles.may_listen(place, address, anonymous=False)


def test_a_sign_in_that_cannot_work_stops_the_start(place, monkeypatch):
    write(place, EXAMPLE.read_text(encoding="utf-8"))
    (place.data / "access.yaml").chmod(0o640)
    there = {"authlib", "httpx"}
    monkeypatch.setattr(roles, "find_spec", lambda name: name if name in there else None)
    roles.before_serving(place)
    there.remove("httpx")
    with pytest.raises(Refusal, match="所需的程序包 httpx 没有安装，谁也登录不了"):
        roles.before_serving(place)


# ---- the audit ledger


def test_the_audit_ledger_notices_a_changed_line(place):
    for day in (1, 2):
        audit_log.note(place, "sign_in", "甲", datetime(2020, 6, day, tzinfo=SHANGHAI), identity="a" * 900)
    ledger = audit_log.audit_ledger(place)
    assert len(next(ledger.events()).body["identity"]) == 500
    assert [event.seq for event in audit_log.since(place, "2020-06-02")] == [2]
    assert not list(ledger.verify())
    ledger.path.write_text(ledger.path.read_text().replace("甲", "乙", 1))
    assert any("审计日志第 2 行" in fault for fault in ledger.verify())


def test_what_comes_from_outside_cannot_break_a_line_of_the_list(place):
    event = audit_log.note(place, "unknown", "x\ny\x1b[2J")
    assert "\n" not in audit_log.line(event) and "\x1b" not in audit_log.line(event)


def test_the_audit_is_not_in_the_archive(place):
    audit_log.note(place, "sign_in", "甲")
    assert not list(Archive(place.archive).events())
