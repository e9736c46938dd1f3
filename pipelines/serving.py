"""Starting the programs that people look at: the dashboard, and Dagster's home on this installation."""

import subprocess
import sys
from pathlib import Path

import yaml

from pipelines import settings as installation
from pipelines.archive import write_durably
from pipelines.errors import Refusal
from pipelines.settings import REPOSITORY, Settings

# Only this machine: opening it to others is a decision that `shequ serve` will ask for.
ADDRESS = "127.0.0.1"
APP = REPOSITORY / "dashboards" / "app.py"


def dashboard(settings: Settings, port: int) -> int:
    """Run the dashboard until it is stopped; returns its exit status. Errors: `Refusal` when this version has none."""
    if not APP.exists():
        raise Refusal("本版还没有看板(缺少 dashboards/app.py);数字可用 shequ figures 查看")
    print(f"看板:http://{ADDRESS}:{port}  (按 Ctrl+C 停止)", flush=True)
    options = ["--server.address", ADDRESS, "--server.port", str(port), "--server.headless", "true"]
    command = [sys.executable, "-m", "streamlit", "run", str(APP), *options, "--browser.gatherUsageStats", "false"]
    try:
        return subprocess.run(command, cwd=REPOSITORY, env=installation.environment(settings), check=False).returncode
    except KeyboardInterrupt:
        return 0


def dagster_home(settings: Settings) -> Path:
    """Dagster's home under the data folder, with `dagster.yaml` on absolute paths; written when it differs."""
    home = settings.data / "dagster"
    text = (REPOSITORY / "dagster.yaml").read_text(encoding="utf-8").replace("data/dagster", _quoted(home))
    place = home / "dagster.yaml"
    if not place.exists() or place.read_text(encoding="utf-8") != text:
        write_durably(place, text.encode(), mode=0o644)
    return home


def _quoted(home: Path) -> str:
    """A folder's name as it may stand in YAML. Errors: `Refusal` for one that YAML would read otherwise."""
    if yaml.safe_load(f"{home}/x") != f"{home}/x":
        raise Refusal(f"数据文件夹的名称“{home}”含有 Dagster 配置不能使用的字符;请换一个名称")
    return str(home)


if __name__ == "__main__":
    print(dagster_home(installation.load()))
