"""The counties' notices by mail: docx and xlsx to whom has an address, once an edition and county."""

import email
import email.policy
import io
import json
from datetime import date

import pytest
from click.testing import CliRunner
from docx import Document
from python_calamine import CalamineWorkbook

from pipelines.cli.commands import main
from pipelines.errors import Refusal
from pipelines.notify import notices
from pipelines.notify.contacts import Contacts
from pipelines.reports import gather
from tests import behind_office
from tests.behind_office import BAIXIANG, REN_COUNTY, few
from tests.books import Office
from tests.notify.test_mail import server

__all__ = ["server"]

ADDRESS = "baixiang@county.example"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Office:
    return behind_office.made(tmp_path_factory)


@pytest.fixture
def office(made, tmp_path) -> Office:
    office = behind_office.copy(made, tmp_path)
    contacts = f'counties:\n  "{BAIXIANG}": {ADDRESS}\n'
    (office.settings.data / "contacts.yaml").write_text(contacts, encoding="utf-8")
    return office


@pytest.fixture
def posted(server, monkeypatch):
    monkeypatch.setenv("SHEQU_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("SHEQU_SMTP_PORT", str(server.server_address[1]))
    monkeypatch.setenv("SHEQU_SMTP_SECURITY", "none")
    return server


def send(office: Office, *more: str) -> tuple[int, str]:
    environment = {"SHEQU_REFERENCE": str(office.settings.reference)}
    words = ["--data", str(office.settings.data), "tasks", "send", "--by", "市局李某", *more]
    result = CliRunner().invoke(main, words, env=environment)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_a_notice_goes_with_its_workbook_once_an_edition_and_county(office, posted):
    status, output = send(office)
    assert status == 0 and "已写好 1 个县的督办通知，随即发出" in output and "没有联系地址，须另行送达：任县" in output
    [raw] = posted.mails
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert (mail["To"], mail["Subject"]) == (ADDRESS, "柏乡县2020年5月城乡社区治理督办通知（第1版）")
    said = mail.get_body().get_content()
    assert "下列1项请抓紧办理" in said and "经办人：市局李某" in said
    files = {part.get_filename(): part.get_content() for part in mail.iter_attachments()}
    assert list(files) == [f"2020-05_柏乡县督办通知_第1版.{kind}" for kind in ("docx", "xlsx")]
    paper, book = files.values()
    assert any("督办通知" in p.text for p in Document(io.BytesIO(paper)).paragraphs)
    assert CalamineWorkbook.from_filelike(io.BytesIO(book)).sheet_names[0] == "督办事项"
    status, output = send(office, "--json")
    assert json.loads(output) == {"written": [], "before": ["柏乡县"], "without": ["任县"], "troubles": []}
    assert len(posted.mails) == 1


def test_the_next_edition_is_a_notice_of_its_own(office, posted):
    send(office)
    office.send(behind_office.MAY, BAIXIANG, lambda unit: few(unit) | {"households": 300})
    assert office.run(behind_office.MAY).label == "2020-05/2"
    assert "已写好 1 个县" in send(office)[1] and len(posted.mails) == 2


def test_the_mails_words_are_counts_and_name_no_unit(office, posted):
    send(office)
    body = email.message_from_bytes(posted.mails[0], policy=email.policy.default).get_body().get_content()
    units = [unit.name for unit in office.units(behind_office.MAY, BAIXIANG)]
    assert units and not [name for name in units if name in body]


@pytest.mark.parametrize("contacts", [None, "city: clerk@city.example\n"])
def test_without_addresses_nothing_is_sent(office, posted, contacts):
    place = office.settings.data / "contacts.yaml"
    place.write_text(contacts, encoding="utf-8") if contacts else place.unlink()
    status, output = send(office)
    assert status == 1 and "没有县（市、区）的地址，没有发送" in output
    assert posted.mails == [] and not (office.settings.data / "outbox").exists()
    with pytest.raises(Refusal, match="shequ tasks --out"):
        notices.write(office.settings, None, "市局李某")


def test_without_a_mail_server_the_mails_are_files(office):
    assert "没有设邮件服务器，成为 data/outbox/mail 里的 .eml 文件" in send(office)[1]
    [file] = (office.settings.data / "outbox" / "mail").iterdir()
    mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert len(list(mail.iter_attachments())) == 2


def test_what_is_too_large_for_a_mail_is_named_and_left_out(office):
    from pipelines.edition import open_release

    release = open_release(settings=office.settings)
    facts = gather(release)
    [county] = [county for county in facts.counties if county["unit"] == REN_COUNTY]
    paper, _ = notices.county_notice.files(facts, county, date(2020, 7, 6)).values()
    known = Contacts(counties={REN_COUNTY: "ren@county.example"})
    mail = notices.message(facts, county, date(2020, 7, 6), "市局李某", known, most=len(paper))
    assert [name.rpartition(".")[2] for name in mail.files] == ["docx"]
    assert "“2020-05_任县督办通知_第1版.xlsx”过大，没有附上" in mail.body
    release.close()


@pytest.mark.parametrize("by", ["", "root"])
def test_who_sends_is_named(office, posted, by):
    words = ["--data", str(office.settings.data), "tasks", "send", "--by", by]
    assert CliRunner().invoke(main, words).exit_code == 2 and posted.mails == []
