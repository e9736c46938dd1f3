"""Heavy work of a page: by Dagster where it runs, else by a process of its own; the reason of a failure reaches the page."""

from datetime import date
from urllib.error import URLError

import pytest

from pipelines import settings
from pipelines.errors import Refusal
from pipelines.serving import background_runs, probes
from pipelines.settings import Settings

JUNE = date(2019, 6, 1)


class Dagster:
    """Answers GraphQL questions as Dagster's web server does; one status after the other."""

    def __init__(self, *statuses: str, events: tuple = (), refuses: str = ""):
        self.statuses, self.events, self.refuses, self.asked = list(statuses), list(events), refuses, []

    def ask(self, address: str, query: str) -> dict:
        self.asked.append(query)
        if "launchRun" in query:
            if self.refuses:
                return {"launchRun": {"__typename": "PythonError", "message": self.refuses}}
            return {"launchRun": {"__typename": "LaunchRunSuccess", "run": {"runId": "0123456789"}}}
        if "eventConnection" in query:
            return {"runOrError": {"eventConnection": {"events": self.events}}}
        steps = [{"stepKey": "submissions", "status": "SUCCESS"}, {"stepKey": "figures", "status": "IN_PROGRESS"}]
        return {"runOrError": {"status": self.statuses.pop(0), "stepStats": steps}}


@pytest.fixture
def by(monkeypatch):
    """`by(dagster)`: what the page hears while the month is computed."""

    def heard(dagster: Dagster) -> list[str]:
        monkeypatch.setattr(background_runs, "dagster", lambda _: "http://127.0.0.1:1")
        monkeypatch.setattr(background_runs, "PAUSE", 0.0)
        monkeypatch.setattr(probes, "ask", dagster.ask)
        return list(background_runs.run_month(Settings(None, None), JUNE, '李"某'))

    return heard


def test_dagster_gets_month_and_name_and_tells_which_stages_are_done(by):
    dagster = Dagster("QUEUED", "STARTED", "SUCCESS")
    assert by(dagster)[-1] == "Dagster 运行中，已完成 收件（编号 01234567）"
    assert '{key: "dagster/partition", value: "2019-06"}' in dagster.asked[0]
    assert (
        r'{key: "shequ/by", value: "\u674e\"\u67d0"}' in dagster.asked[0] and 'jobName: "monthly"' in dagster.asked[0]
    )


def test_a_run_that_fails_says_why(by):
    message = "dagster._core.definitions.events.Failure: 2019年6月没有任何有效报表\n"
    with pytest.raises(Refusal, match=r"没有完成（编号 01234567）：2019年6月没有任何有效报表$"):
        by(Dagster("FAILURE", events=({}, {"error": {"message": message}})))
    with pytest.raises(Refusal, match="没有接受这项任务：no such job"):
        by(Dagster(refuses="no such job"))


def test_what_is_asked_is_valid_for_the_installed_dagster(by):
    graphql, schema = pytest.importorskip("graphql"), pytest.importorskip("dagster_graphql.schema")
    dagster = Dagster("FAILURE", events=({},))
    with pytest.raises(Refusal, match="运行进程意外结束"):
        by(dagster)
    known = schema.create_schema().graphql_schema
    assert len(dagster.asked) == 3
    assert [graphql.validate(known, graphql.parse(query)) for query in dagster.asked] == [[], [], []]


def test_a_server_that_falls_silent_is_said_and_the_run_goes_on(by):
    dagster = Dagster()
    dagster.ask = lambda *_: (_ for _ in ()).throw(URLError("refused"))
    with pytest.raises(Refusal, match="任务如已开始会继续"):
        by(dagster)


def test_without_serve_there_is_no_dagster(tmp_path):
    assert background_runs.dagster(Settings(tmp_path, tmp_path)) is None


def test_a_command_runs_in_a_process_of_its_own_and_its_refusal_is_told(tmp_path):
    place, heard = Settings(tmp_path / "data", settings.load().reference), []
    with pytest.raises(Refusal, match=r"^2019年6月未经审定[，,]无需重开"):
        for said in background_runs.command(
            place, "reopen", "2019-06", "--why", "错", "--by", "李某", doing="正在重开"
        ):
            heard.append(said)
    assert heard[0].startswith("正在重开，已 0 秒")


def test_a_bug_is_told_as_one():
    assert background_runs._reason("Traceback\nKeyError: 'x'\n") == "程序出错，请告诉运行维护人员：KeyError: 'x'"
