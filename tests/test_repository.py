"""Rules of this repository. A failure says which rule, where, and what to do instead."""

import ast
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(path for package in ("pipelines", "dashboards") for path in (ROOT / package).rglob("*.py"))
LONGEST_MODULE, LONGEST_FUNCTION, LARGEST_FILE = 400, 50, 2**20
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)

if not (ROOT / ".git").exists():
    pytest.skip("not a git working tree: rules about tracked files cannot be looked at", allow_module_level=True)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def tracked() -> list[Path]:
    """Files that a commit of everything would hold."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    return [ROOT / item for item in listed if item and (ROOT / item).is_file()]


def texts() -> Iterator[tuple[Path, str]]:
    for path in tracked():
        try:
            yield path, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def imported(path: Path) -> set[str]:
    """Top names of what a module imports."""
    names = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


# ---- who knows whom


def test_imports_keep_the_contract():
    run = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as main; main()", "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, f"导入方向见 docs/design.md;新模块排进 pyproject.toml 的 layers:\n{run.stdout[-3000:]}"


def outside(library: str, allowed: tuple[str, ...]) -> list[str]:
    return [name(path) for path in SOURCES if library in imported(path) and not name(path).startswith(allowed)]


def test_only_defs_imports_dagster():
    violations = outside("dagster", ("pipelines/defs/", "pipelines/definitions.py"))
    assert not violations, f"Dagster 只出现在 pipelines/defs;把做事的部分写成普通函数,资产里只调用它:{violations}"


@pytest.mark.parametrize("library", ["streamlit", "plotly"])
def test_only_the_dashboard_imports_what_draws(library):
    violations = outside(library, ("dashboards/",))
    assert not violations, f"{library} 只出现在 dashboards;pipelines 给出表,不画图:{violations}"


COMPUTING = re.compile(r"\.(groupby|pivot_table|merge|agg|cumsum)\(|\bGROUP BY\b|\bsum\s*\(", re.IGNORECASE)


def test_pages_show_and_do_not_compute():
    violations = [
        f"{name(path)}:{number}: {line.strip()}"
        for path in SOURCES
        # counts of open matters, and of bytes
        if name(path).startswith("dashboards/") and path.stem not in ("board_rows", "upload_door")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if COMPUTING.search(line)
    ]
    lesson = "求和、分组属于 pipelines，页面只显示；请在发布版里加一张现成的表（pipelines/edition/ready_tables.py）："
    assert not violations, "\n".join([lesson, *violations])


def test_the_environment_is_read_in_one_place():
    violations = [
        f"{name(path)}:{node.lineno}"
        for path in SOURCES
        if name(path) != "pipelines/settings.py"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
    ]
    assert not violations, f"环境变量只在 pipelines/settings.py 读取;请从 Settings 取:{violations}"


# ---- sizes and names


def test_no_module_is_longer_than_one_thought():
    # a list of columns without a function is as long as its tables
    sources = [path for path in SOURCES if any(isinstance(node, FUNCTION) for node in ast.walk(tree(path)))]
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in sources}
    long = {module: length for module, length in lengths.items() if length > LONGEST_MODULE}
    assert not long, f"模块不超过 {LONGEST_MODULE} 行;按所知道的事拆开:{long}"


def test_no_function_is_longer_than_a_screen():
    long = [
        f"{name(path)}:{node.lineno} {node.name} {node.end_lineno - node.lineno + 1} 行"
        for path in SOURCES
        for node in ast.walk(tree(path))
        if isinstance(node, FUNCTION) and node.end_lineno - node.lineno >= LONGEST_FUNCTION
    ]
    assert not long, f"函数不超过 {LONGEST_FUNCTION} 行:{long}"


def test_modules_are_named_for_what_they_know():
    empty = {"utils", "util", "helpers", "helper", "common", "misc", "tools"}
    violations = [name(path) for path in SOURCES if path.stem in empty or path.parent.name in empty]
    assert not violations, f"模块以所知道的事命名,不叫 utils:{violations}"


def test_no_two_modules_have_one_name():
    places = defaultdict(list)
    for path in SOURCES:
        if not path.name.startswith("__"):
            places[path.name].append(name(path))
    twice = [" 和 ".join(same) for same in places.values() if len(same) > 1]
    assert not twice, f"同名的模块，请给其中一个自己的名字：{'；'.join(twice)}"


def test_every_module_says_what_it_is():
    violations = [name(path) for path in SOURCES if path.stat().st_size and not ast.get_docstring(tree(path))]
    assert not violations, f"每个模块第一行说明它是什么:{violations}"


# ---- errors


def _broad(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {node.id for node in caught if isinstance(node, ast.Name)}
    passes_on = isinstance(handler.body[-1], ast.Raise)
    return (handler.type is None or bool(names & {"Exception", "BaseException"})) and not passes_on


def test_no_error_is_swallowed():
    violations = [
        f"{name(path)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler) and _broad(node)
    ]
    assert not violations, f"只捕获预料得到的异常;其余是我们的错误,应当看得见:{violations}"


# ---- what must not stand in any file

# The names are taken apart so that this file does not hold what it forbids.
HOSTS = ("py" + "pi.org", "python" + "hosted", "npm" + "js", "tuna." + "tsinghua", "mirrors." + "ali", "index" + "-url")
MACHINE = re.compile(r"(?<![\w.])/(home|Users|opt|wo" + r"rk)/\w|/root/\.")


def test_no_file_names_a_package_index():
    violations = [
        f"{name(path)}: {host}" for path, text in texts() for host in HOSTS if host in text and _kept(path, host)
    ]
    assert not violations, f"文件里不写软件仓库的地址:{violations}"


def _kept(path: Path, host: str) -> bool:
    """`make lock` names the option that leaves the address out."""
    return not (name(path) == "Makefile" and host.startswith("index"))


def test_no_file_names_a_place_on_somebodys_machine():
    violations = [
        f"{name(path)}:{number}: {line.strip()[:100]}"
        for path, text in texts()
        if path.suffix not in (".lock", ".svg", ".geojson")
        for number, line in enumerate(text.splitlines(), 1)
        if MACHINE.search(line)
    ]
    assert not violations, "文件里不写某台机器上的路径:\n" + "\n".join(violations)


def test_no_file_is_large_but_reference_data():
    violations = {
        name(path): path.stat().st_size
        for path in tracked()
        if path.stat().st_size > LARGEST_FILE and not name(path).startswith("data/reference/")
    }
    assert not violations, f"大于 1 MiB 的文件不入库(参考数据除外);运行时可以生成:{violations}"


def test_what_is_made_at_run_time_is_not_committed():
    violations = [name(path) for path in tracked() if re.match("data/(?!reference/)", name(path))]
    assert not violations, f"data/ 之下只提交 data/reference/:{violations}"


def test_nothing_secret_or_of_another_kind_is_loaded():
    violations = [
        f"{name(path)}: {library}"
        for path in SOURCES
        for library in imported(path) & {"pickle", "shelve", "marshal", "dill", "joblib"}
    ]
    assert not violations, f"不使用 pickle 一类会执行代码的格式:{violations}"


# ---- dependencies


def test_what_is_imported_is_declared():
    declared = (ROOT / "pyproject.toml").read_text(encoding="utf-8").lower()
    packages = {"yaml": "pyyaml", "docx": "python-docx"}
    own = {"pipelines", "dashboards", *sys.stdlib_module_names}
    missing = {
        f"{name(path)}: {library}"
        for path in SOURCES
        for library in imported(path) - own
        if packages.get(library, library).replace("_", "-") not in declared
    }
    assert not missing, f"直接使用的库写进 pyproject.toml 的 dependencies,再 make lock:{sorted(missing)}"


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-test.lock"])
def test_everything_declared_is_locked_with_a_hash(lock):
    text = (ROOT / lock).read_text(encoding="utf-8")
    locked = set(re.findall(r"^([A-Za-z0-9_.-]+)==", text, re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + (project["optional-dependencies"]["test"] if "test" in lock else [])
    direct = {re.split(r"[\[>=<]", item)[0].lower() for item in wanted}
    assert not direct - locked, "pyproject.toml 改动后请运行 make lock"
    for entry in re.split(r"\n(?=\S)", text.strip()):
        assert "--hash=sha256:" in entry, f"{entry.splitlines()[0]} 没有校验值;请运行 make lock"
