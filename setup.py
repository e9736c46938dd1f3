"""What a wheel carries besides the packages: reference data, configuration and deployment files, in `pipelines/_repository`.

`pipelines.settings.REPOSITORY` is that folder where the program is installed from a wheel. Everything else is in `pyproject.toml`.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

CARRIED = ("data/reference", "deploy", ".streamlit/config.toml", "dagster.yaml")


class BuildWithRepositoryFiles(build_py):
    """Copies the files into the build; an editable installation reads them where they are."""

    def run(self):
        super().run()
        if self.editable_mode:
            return
        for name in CARRIED:
            source, target = Path(__file__).parent / name, Path(self.build_lib) / "pipelines" / "_repository" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True)
            else:
                shutil.copy(source, target)


setup(cmdclass={"build_py": BuildWithRepositoryFiles})
