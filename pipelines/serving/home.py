"""Dagster's home on this installation: its configuration on absolute paths, and where its code is served."""

from pathlib import Path

import yaml

from pipelines.archive import write_durably
from pipelines.errors import Refusal
from pipelines.settings import REPOSITORY, Settings

LOCATION = "shequ"


def dagster_home(settings: Settings) -> Path:
    """Dagster's home under the data folder, with `dagster.yaml` on absolute paths; written when it differs.

    Where an operator keeps a `dagster.yaml` of his own beside the data (`data/dagster.yaml`, for PostgreSQL say), that one counts.
    """
    home = settings.data / "dagster"
    own = settings.data / "dagster.yaml"
    source = own if own.exists() else REPOSITORY / "dagster.yaml"
    _write(home / "dagster.yaml", source.read_text(encoding="utf-8").replace("data/dagster", _quoted(home)))
    return home


def workspace(home: Path, port: int) -> Path:
    """The workspace file: one code location, served once for web server and daemon alike."""
    server = {"host": "127.0.0.1", "port": port, "location_name": LOCATION}
    _write(home / "workspace.yaml", yaml.safe_dump({"load_from": [{"grpc_server": server}]}))
    return home / "workspace.yaml"


def _write(place: Path, text: str) -> None:
    if not place.exists() or place.read_text(encoding="utf-8") != text:
        write_durably(place, text.encode())


def _quoted(home: Path) -> str:
    """A folder's name as it may stand in YAML. Errors: `Refusal` for one that YAML would read otherwise."""
    if yaml.safe_load(f"{home}/x") != f"{home}/x":
        raise Refusal(f"数据文件夹的名称“{home}”含有 Dagster 配置不能使用的字符;请换一个名称")
    return str(home)
