"""What docs/security.md promises of the code and of the server's settings."""

import ast
import os
import re
import tomllib
from datetime import date
from pathlib import Path

import duckdb
import pytest
import yaml
from click.testing import CliRunner
from streamlit import config

from pipelines import settings
from pipelines.access import roles
from pipelines.access.roles import Actor
from pipelines.cli.commands import main
from pipelines.edition import open_edition, open_release
from pipelines.errors import Refusal
from pipelines.intake import submit_files
from pipelines.serving import programs, start
from pipelines.warehouse import projection
from pipelines.worker import worker_pool
from tests import small_city
from tests.books import Office

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(path for package in ("pipelines", "dashboards") for path in (ROOT / package).rglob("*.py"))
SERVED = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))


def calls():
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", ast.unparse(node.func), node


RUN = {
    "eval", "exec", "compile", "__import__", "execfile", "input", "os.system", "os.popen", "subprocess.getoutput",
    "subprocess.getstatusoutput", "yaml.load", "yaml.unsafe_load", "yaml.full_load", "tempfile.mktemp", "importlib.import_module",
    "ast.literal_eval", "pd.eval", "pd.read_pickle", "np.load", "joblib.load", "torch.load",
}  # fmt: skip
# each reads objects, or unpacks files to where their own names say
LOADED = (
    "pickle.",
    "cPickle.",
    "marshal.",
    "shelve.",
    "dill.",
    "cloudpickle.",
    "tarfile.",
    "os.exec",
    "os.spawn",
    "ctypes.",
)
UNPACKED = (".extractall", ".unpack_archive")


def test_nothing_that_came_in_is_run():
    risky = [
        (where, name) for where, name, _ in calls() if name in RUN or name.startswith(LOADED) or name.endswith(UNPACKED)
    ]
    # a bundle of reference data is our own, by its hash; the watchman asks the kernel to be told of its parent's end;
    # freed memory is given back by the C library; a package imports its own modules, whose names stand in it
    ours = (
        "pipelines/edition/__init__.py:",
        "pipelines/reference/reference_bundle.py:",
        "pipelines/serving/process_tree.py:",
        "dashboards/upload_door.py:",
    )
    assert [(where, name) for where, name in risky if not where.startswith(ours)] == []


def test_no_command_goes_through_a_shell():
    """A command is a list of words; the first is a program of ours or named outright."""
    assert not [where for where, _, node in calls() if any(key.arg == "shell" for key in node.keywords)]
    started = [
        (where, node) for where, name, node in calls() if re.fullmatch(r"subprocess\.(run|Popen|call|check_\w+)", name)
    ]
    assert started and not [where for where, node in started if isinstance(node.args[0], ast.Constant | ast.JoinedStr)]


def test_no_verification_is_switched_off():
    off = {("verify", False), ("check_hostname", False), ("verify_signature", False), ("autoescape", False)}
    for where, name, node in calls():
        assert "_create_unverified_context" not in name, where
        assert not [key.arg for key in node.keywords if (key.arg, getattr(key.value, "value", None)) in off], where


MARKUP = ("unsafe_allow_html", "unsafe_allow_javascript", "allow_dangerous_html", "allow_unsafe_jscode")
ESCAPING = ("dashboards/text/templates.py:",)


def _is_constant(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id.isupper()


def test_no_page_hands_markup_to_the_browser_but_our_own():
    places = [
        where
        for where, name, node in calls()
        if any(key.arg in MARKUP for key in node.keywords)
        or name.startswith(("components.", "st.components"))
        # a name in capitals is a constant of ours; one module renders templates, with autoescape
        or (name == "st.html" and not _is_constant(node.args[0]) and not where.startswith(ESCAPING))
    ]
    assert not places


def test_every_setting_is_known_to_the_installed_streamlit():
    keys = {f"{section}.{key}" for section, items in SERVED.items() if section != "theme" for key in items}
    assert not keys - set(config.get_config_options())


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("server", "address", "127.0.0.1"),
        ("server", "enableCORS", True),
        ("server", "enableXsrfProtection", True),
        ("server", "enableStaticServing", False),
        ("server", "allowedHosts", ["localhost", "127.0.0.1", "::1"]),
        ("client", "showErrorDetails", "none"),
        ("client", "disableDataExport", True),
        ("browser", "gatherUsageStats", False),
    ],
)
def test_the_server_is_set_as_promised(section, key, value):
    assert SERVED[section][key] == value


def test_an_upload_may_be_a_little_larger_than_what_we_refuse_ourselves():
    assert submit_files.LARGEST < SERVED["server"]["maxUploadSize"] * 2**20 <= submit_files.LARGEST * 1.1


def test_the_warehouse_fetches_no_extension_and_sees_no_frames():
    con = projection.connect(":memory:")
    names = ["autoinstall_known_extensions", "allow_community_extensions", "python_enable_replacements"]
    assert [con.execute(f"SELECT current_setting('{name}')").fetchall()[0][0] for name in names] == [False] * 3


def test_the_warehouse_reaches_its_own_data_only_and_stays_so(tmp_path):
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    for folder in (data / "warehouse", data / "releases", elsewhere):
        folder.mkdir(parents=True)
    (elsewhere / "secret.csv").write_text("a\n1\n")
    (data / "way-out").symlink_to(elsewhere)
    con = projection.connect(data / "warehouse" / "warehouse.duckdb", data)
    con.execute(f"COPY (SELECT 1 AS a) TO '{data}/releases/a.parquet'")
    con.execute(f"ATTACH '{data}/releases/release.duckdb' AS release")
    assert con.execute(f"SELECT a FROM read_parquet('{data}/releases/a.parquet')").fetchall() == [(1,)]
    for forbidden in (
        f"SELECT * FROM read_csv('{elsewhere}/secret.csv')",
        f"SELECT * FROM read_csv('{data}/../elsewhere/secret.csv')",
        f"SELECT * FROM read_csv('{data}/way-out/secret.csv')",
        f"COPY (SELECT 1) TO '{elsewhere}/out.csv'",
        f"ATTACH '{elsewhere}/other.duckdb'",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
        "INSTALL httpfs",
    ):
        with pytest.raises(duckdb.Error):
            con.execute(forbidden)
    assert [place.name for place in elsewhere.iterdir()] == ["secret.csv"]


def test_a_projection_in_memory_reaches_no_file(tmp_path):
    con = projection.connect(":memory:")
    with pytest.raises(duckdb.Error):
        con.execute(f"COPY (SELECT 1) TO '{tmp_path}/out.csv'")
    with pytest.raises(duckdb.Error):
        con.execute("SET lock_configuration = false")


@pytest.fixture(scope="module")
def worked(tmp_path_factory):
    """A data folder after submit, run and approve, begun by a user whose own umask lets everybody read."""
    folder = tmp_path_factory.mktemp("office")
    reference = small_city.measure_only(small_city.make(folder / "reference", ["130571"]), ("facility_rural",))
    office = Office(folder / "data", reference)
    path = office.workbook(date(2020, 4, 1), "130571", record={"population": 12000})
    before = os.umask(0o022)
    try:
        for words in (["submit", str(path)], ["run", "--month", "2020-04"], ["approve", "2020-04", "--by", "市局李某"]):
            command = ["--data", str(office.settings.data), *words]
            done = CliRunner().invoke(main, command, env={"SHEQU_REFERENCE": str(reference)})
            assert done.exit_code == 0, done.output
    finally:
        os.umask(before)
    return office


def test_nobody_else_on_the_machine_reads_the_data(worked):
    places = [worked.settings.data, *worked.settings.data.rglob("*")]
    assert {place.name for place in places} >= {"ledger.jsonl", "warehouse.duckdb", "release.duckdb", "manifest.json"}
    # a link has no mode of its own; what the group may not change it cannot forge
    open_to = [place for place in places if not place.is_symlink() and place.stat().st_mode & (0o007 | 0o020)]
    assert list(map(str, open_to)) == []


# ---- DuckDB

CLOSED = {
    "enable_external_access": False,
    "lock_configuration": True,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "allow_persistent_secrets": False,
    "python_enable_replacements": False,
}


def test_every_connection_is_closed_to_the_outside_and_locked(worked):
    """There are two places that connect; each is opened here as it is in use."""
    made = [
        where.split(":")[0]
        for where, name, _ in calls()
        if re.match(r"duckdb\.(connect|sql|query|execute|read_)", name)
    ]
    assert sorted(made) == ["pipelines/edition/open_edition.py", "pipelines/warehouse/projection.py"]
    release = open_release(settings=worked.settings)
    opened = [
        projection.connect(":memory:"),
        projection.connect(worked.settings.warehouse, worked.settings.data),
        release.con,
    ]
    for con in (*opened, release.con.cursor()):
        settings_in_force = {name: con.execute(f"SELECT current_setting('{name}')").fetchall()[0][0] for name in CLOSED}
        assert settings_in_force == CLOSED
    for con in opened:
        con.close()


def test_a_release_reads_its_own_folder_only(worked, tmp_path):
    (tmp_path / "secret.csv").write_text("a\n1\n")
    release = open_release(settings=worked.settings)
    for forbidden in (
        f"SELECT * FROM read_csv('{tmp_path}/secret.csv')",
        f"SELECT * FROM read_text('{worked.settings.data}/archive/ledger.jsonl')",
        f"COPY (SELECT 1) TO '{worked.settings.data}/out.csv'",
        f"ATTACH '{worked.settings.warehouse}'",
        "SET max_execution_time = 0",
        "INSERT INTO ready.figure SELECT * FROM ready.figure",
    ):
        with pytest.raises(duckdb.Error):
            release.rows(forbidden)


def test_a_query_of_a_reader_is_ended_in_time(worked, monkeypatch):
    monkeypatch.setitem(open_edition._CONFIG, "max_execution_time", "200")
    release = open_release(settings=worked.settings)
    with pytest.raises(duckdb.Error, match=r"(?i)time"):
        release.rows("SELECT sum(a.i * b.i) FROM range(1000000) a(i), range(1000000) b(i)")


# ---- the process that reads what comes from outside


def test_a_child_is_limited_in_memory_time_and_what_it_writes(worked, monkeypatch):
    """A check goes through a child like every other file; the kernel holds its limits."""
    monkeypatch.setattr(
        "pipelines.answers.read_workbook.open_workbook", lambda *_: pytest.fail("read in the parent's process")
    )
    worker_pool.dismiss()
    county = Actor("赵经开", "县级", ("130571",))
    with pytest.raises(Refusal, match="看不出这是哪个县市区的"):
        file = worked.sent / "空.csv"
        file.write_text("一,二\n")
        submit_files.submit([file], worked.settings, county)
    [child] = worker_pool.idle()
    rows = Path(f"/proc/{child.process.pid}/limits").read_text().splitlines()
    soft = {row[:26].strip(): row[26:47].strip() for row in rows[1:]}
    used = 1 << 30  # of address space by the program itself, beside its allowance
    assert 2 << 30 <= int(soft["Max address space"]) <= (2 << 30) + used
    assert 60 <= int(soft["Max cpu time"]) <= 70
    assert int(soft["Max file size"]) == 320 << 20 and soft["Max core file size"] == "0"
    worker_pool.dismiss()


# ---- what runs beside


def test_dagster_keeps_to_itself(tmp_path):
    config = yaml.safe_load((ROOT / "dagster.yaml").read_text(encoding="utf-8"))
    assert (config["telemetry"], config["nux"]) == ({"enabled": False}, {"enabled": False})
    assert config["concurrency"]["runs"]["max_concurrent_runs"] == 1
    assert config["run_monitoring"]["enabled"] and config["run_monitoring"]["max_runtime_seconds"] <= 3600
    assert config["retention"]["sensor"]["purge_after_days"]["success"] == 400
    commands = [program.command for program in programs.all_of(settings.load(tmp_path), programs.Ports())]
    assert [command.count("127.0.0.1") > 0 for command in commands] == [
        True,
        True,
        False,
        True,
        False,
    ]  # the daemon listens nowhere
    assert start._environment(settings.load(tmp_path), programs.Ports())["DAGSTER_DISABLE_TELEMETRY"] == "yes"


def test_secrets_stand_in_no_command_and_no_representation(tmp_path, monkeypatch, capfd):
    secrets = {
        "SHEQU_PROXY_SECRET": "geheim-" * 6,
        "SHEQU_SMTP_PASSWORD": "passwort",
        "SHEQU_SMTP_HOST": "mail.invalid",
    }
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    place = settings.load(tmp_path)
    said = [str(program.command) for program in programs.all_of(place, programs.Ports())]
    said += [repr(settings.mail()), repr(place), repr(settings.bare_environment())]
    for words in (["health"], ["status"], ["audit"]):
        said.append(CliRunner().invoke(main, ["--data", str(tmp_path), *words]).output)
    said.append(capfd.readouterr().err)
    assert not [text for text in said if "geheim" in text or "passwort" in text]


@pytest.mark.parametrize(
    ("name", "mode"), [("access.yaml", 0o644), ("access.yaml", 0o660), (".streamlit/secrets.toml", 0o604)]
)
def test_what_others_can_read_or_change_stops_the_start(tmp_path, name, mode):
    place = tmp_path / name
    place.parent.mkdir(exist_ok=True)
    place.write_text("mode: local\n")
    place.chmod(mode)
    with pytest.raises(Refusal, match=f"{name} 能被别人读取或改写，不予启动；请运行 chmod 06"):
        roles.before_serving(settings.load(tmp_path))
    place.chmod(0o640)
    roles.before_serving(settings.load(tmp_path))
