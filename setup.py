"""What pyproject.toml can't say: the tables of stored runs in results/ go into the package, as sernb/stored/."""

from pathlib import Path
from shutil import copytree, ignore_patterns

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithResults(build_py):
    """`build_py`, and the tables; a checkout that is installed as it stands reads them where they are."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            stored = Path(self.build_lib, "sernb", "stored")
            copytree("results", stored, ignore=ignore_patterns(".*"), dirs_exist_ok=True)


if __name__ == "__main__":
    setup(cmdclass={"build_py": BuildWithResults})
