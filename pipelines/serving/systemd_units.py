"""systemd units of an installation, filled in from the templates in `deploy/systemd`."""

import sys
from pathlib import Path

from pipelines import settings as installation
from pipelines.settings import REPOSITORY, Settings

TEMPLATES = REPOSITORY / "deploy" / "systemd"


def write(settings: Settings, out: Path, user: str) -> list[Path]:
    """The units with this installation's places in them; returns the files."""
    out.mkdir(parents=True, exist_ok=True)
    values = {"@REPOSITORY@": str(REPOSITORY), "@DATA@": str(settings.data), "@USER@": user}
    # what the strict file system must leave open besides the data; it may be missing while the disk is away
    places = [place for place in (installation.backup_folder(), installation.public_folder(settings)) if place]
    outside = [place for place in places if not place.is_relative_to(settings.data)]
    values["@OUTSIDE@"] = "".join(f" -{place}" for place in outside)
    values["@SHEQU@"] = str(Path(sys.executable).with_name("shequ"))
    return [_fill(template, out / template.name, values) for template in sorted(TEMPLATES.iterdir())]


def _fill(template: Path, place: Path, values: dict[str, str]) -> Path:
    text = template.read_text(encoding="utf-8")
    for mark, value in values.items():
        text = text.replace(mark, value)
    place.write_text(text, encoding="utf-8")
    return place
