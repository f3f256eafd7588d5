"""The wheel: the same bytes wherever it is built, all of siam in it, and nothing else."""

from __future__ import annotations

import email
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

pytestmark = pytest.mark.slow


def build(folder: Path) -> Path:
    """Build the wheel of a copy of what git tracks, all of it written just now."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-cache-dir", "."]
    environment = os.environ | {"SOURCE_DATE_EPOCH": "1700000000"}
    environment.pop("PYTHONPATH", None)
    subprocess.run([*command, "-w", "out"], cwd=folder, env=environment, check=True)
    (wheel,) = (folder / "out").iterdir()
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("first"))


@pytest.mark.timeout(600)
def test_two_builds_give_the_same_bytes(wheel: Path, tmp_path: Path) -> None:
    again = build(tmp_path / "another" / "place")
    assert (again.name, again.read_bytes()) == (wheel.name, wheel.read_bytes())


def test_all_of_siam_is_in_it_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    folders = [name.removeprefix("siam").strip(".").replace(".", "/") for name in packages()]
    modules = {path for folder in folders for path in (ROOT / folder).glob("*.py")}
    templates = set((ROOT / "evaluation" / "report" / "templates").iterdir())
    bundled = set((ROOT / "runs" / "bundled").iterdir())
    beside = [path for folder in folders for path in (ROOT / folder / "static").rglob("*")]
    pages = {path for path in beside if path.is_file()}
    expected = {*modules, *templates, *bundled, *pages, ROOT / "py.typed"}
    assert held == {f"siam/{path.relative_to(ROOT).as_posix()}" for path in expected}


def packages() -> list[str]:
    """Return what pyproject.toml says is packaged; test_house.py has it be every room."""
    named: list[str] = PROJECT["tool"]["setuptools"]["packages"]
    return named


def test_its_metadata_says_what_pyproject_does(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        told = email.message_from_bytes(archive.read(name))
        assert any(name.endswith("licenses/LICENSE") for name in archive.namelist())
    project = PROJECT["project"]
    assert told["Requires-Python"] == project["requires-python"]
    assert set(told.get_all("Provides-Extra", [])) == set(project["optional-dependencies"])
    assert set(told.get_all("Classifier", [])) == set(project["classifiers"])
    needs = [need for need in told.get_all("Requires-Dist", []) if "extra ==" not in need]
    assert len(needs) == len(project["dependencies"])
