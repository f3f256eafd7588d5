"""The house itself: which room may import which, what is packaged, what is never used."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = {
    "commands": 5,
    "engine": 4,
    "siamese": 3,
    "classifiers": 3,
    "index": 2,
    "evaluation": 2,
    "datasets": 1,
}
# Same floor, and yet allowed: the baselines are built of the same layers and augmentation.
NEIGHBOURS = {("classifiers", "siamese")}
NEVER = {
    "datasets": {"keras", "tensorflow", "faiss", "typer"},
    "index": {"keras", "tensorflow", "typer"},
    "evaluation": {"keras", "tensorflow", "typer"},
    "siamese": {"typer"},
    "classifiers": {"typer"},
    "engine": {"typer", "fastapi"},
}
MODULES = sorted(path.relative_to(ROOT) for room in FLOORS for path in (ROOT / room).glob("*.py"))


def imported(path: Path) -> set[str]:
    """Return the dotted names that a file imports anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_a_room_imports_only_what_stands_below_it(path: Path) -> None:
    room = path.parts[0]
    for name in imported(path):
        parts = name.split(".")
        assert parts[0] not in NEVER.get(room, set()), f"{path} imports {name}"
        if parts[0] != "siam" or parts[1] not in FLOORS or parts[1] == room:
            continue
        below = FLOORS[parts[1]] < FLOORS[room] or (room, parts[1]) in NEIGHBOURS
        assert below, f"{path} (floor {FLOORS[room]}) imports {name}"


def test_every_room_is_packaged() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    rooms = {f"siam.{path.parent.name}" for path in ROOT.glob("*/__init__.py")}
    assert set(project["tool"]["setuptools"]["packages"]) == rooms | {"siam"}


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_no_pickle_no_lambda_layer_no_print(path: Path) -> None:
    source = (ROOT / path).read_text()
    assert not re.search(
        r"^\s*(import pickle|from pickle)|layers\.Lambda|allow_pickle=True", source, re.M
    )
    if path.parts[0] != "commands" and path.name != "native_logs.py":
        calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
        printed = [call for call in calls if getattr(call.func, "id", "") == "print"]
        assert not printed, f"{path}: the library never prints"


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_files_hold_one_idea(path: Path) -> None:
    assert len((ROOT / path).read_text().splitlines()) <= 400


def test_benchmarks_that_are_named_are_there() -> None:
    folder = ROOT / "benchmarks"
    scripts = {path.stem for path in folder.glob("*.py") if "def main" in path.read_text()}
    runner = ast.parse((folder / "run.py").read_text())
    table = next(
        node.value
        for node in runner.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "BENCHMARKS"
    )
    assert {name for name, _ in ast.literal_eval(table)} <= scripts
    told = set(re.findall(r"`(\w+)\.py", (folder / "README.md").read_text()))
    assert told == scripts - {"run"}
