"""The house itself: which room may import which, what is packaged, what is never used."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# A room imports what stands on a lower floor, and nothing else. Rooms of one floor know nothing
# of each other; a room's sub-folders belong to its floor.
FLOORS = {
    "cli": 6,
    "commands": 6,
    "web": 6,
    "__init__": 5,
    "engine": 4,
    "siamese": 3,
    "classifiers": 3,
    "training": 2,
    "index": 2,
    "evaluation": 2,
    "runs": 2,
    "datasets": 1,
    "pictures": 0,
}
# What every room may import, and what itself imports nothing of siam but its like.
FOUNDATION = {
    "array_types",
    "atomic",
    "errors",
    "file_lock",
    "faiss_library",
    "parallel",
    "printable",
    "progress",
    "recipe",
    "run_files",
    "unit_vectors",
    "untrusted",
}
# The command line is one thing in two places: `cli.py` puts the commands together. One of them
# starts the server, which knows nothing of it.
TOGETHER = {("cli", "commands"), ("commands", "web")}
NEURAL = {"keras", "tensorflow"}
NEVER = {
    "pictures": {*NEURAL, "faiss", "typer"},
    "datasets": {*NEURAL, "faiss", "typer"},
    "index": {*NEURAL, "typer"},
    "evaluation": {*NEURAL, "typer"},
    "runs": {*NEURAL, "faiss", "typer"},
    "training": {"typer"},
    "siamese": {"typer"},
    "classifiers": {"typer"},
    "engine": {"typer", "fastapi"},
    "web": {"typer"},
    **dict.fromkeys(FOUNDATION, {*NEURAL, "faiss", "typer"}),
    **dict.fromkeys(("faiss_library", "unit_vectors"), {*NEURAL, "typer"}),
}
# Beside this, `import siam` would load what its first use alone should.
ROOMS = {name for name in FLOORS if (ROOT / name).is_dir()}
MODULES = sorted(
    path.relative_to(ROOT)
    for pattern in ("*.py", *(f"{room}/**/*.py" for room in ROOMS))
    for path in ROOT.glob(pattern)
)
BENCHMARKS = sorted(path.relative_to(ROOT) for path in (ROOT / "benchmarks").glob("*.py"))
SCRIPTS = sorted(path.relative_to(ROOT) for path in (ROOT / "scripts").glob("*.py"))


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


def place(path: Path) -> str:
    """Return the room of a module, or its own name where it stands at the root."""
    return path.parts[0].removesuffix(".py")


def test_every_module_has_a_floor() -> None:
    assert {place(path) for path in MODULES} <= FLOORS.keys() | FOUNDATION


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_a_room_imports_only_what_stands_below_it(path: Path) -> None:
    room = place(path)
    for name in imported(path):
        parts = name.split(".")
        assert parts[0] not in NEVER.get(room, set()), f"{path} imports {name}"
        if parts[0] != "siam":
            continue
        target = parts[1] if parts[1] in FLOORS.keys() | FOUNDATION else "__init__"
        if target == room or name == "siam.__version__" or (room, target) in TOGETHER:
            continue
        below = FLOORS.get(target, -1) < FLOORS.get(room, -1) or (
            target in FOUNDATION and room in FOUNDATION
        )
        assert below, f"{path} (floor {FLOORS.get(room, 'below all')}) imports {name}"


@pytest.mark.parametrize("path", BENCHMARKS, ids=str)
def test_benchmarks_import_what_a_user_could(path: Path) -> None:
    """Names that are there, and nothing of the command line but its start."""
    for name in imported(path):
        parts = name.split(".")
        if parts[0] == "siam" and len(parts) > 1:
            assert parts[1] not in {"commands", "web"}, f"{path} imports {name}"
            assert parts[1] in FLOORS.keys() | FOUNDATION, f"{path} imports {name}"


def test_every_room_is_packaged() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    folders = {
        ".".join(("siam", *path.parent.relative_to(ROOT).parts))
        for room in ROOMS
        for path in (ROOT / room).glob("**/__init__.py")
    }
    assert set(project["tool"]["setuptools"]["packages"]) == folders | {"siam"}


def test_rooms_have_few_files_and_two_levels() -> None:
    for room in ROOMS:
        for folder in {path.parent for path in (ROOT / room).glob("**/*.py")}:
            assert len(folder.relative_to(ROOT).parts) <= 2
            assert len(list(folder.glob("*.py"))) <= 26, f"{folder.name}: give a concept a folder"


@pytest.mark.parametrize("path", [*MODULES, *SCRIPTS], ids=str)
def test_no_pickle_no_lambda_layer(path: Path) -> None:
    source = (ROOT / path).read_text()
    assert not re.search(
        r"^\s*(import pickle|from pickle)|layers\.Lambda|allow_pickle=True", source, re.M
    )


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_no_print(path: Path) -> None:
    source = (ROOT / path).read_text()
    if path.parts[0] != "commands" and path.name != "native_logs.py":
        calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
        printed = [call for call in calls if getattr(call.func, "id", "") == "print"]
        assert not printed, f"{path}: the library never prints"


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_files_hold_one_idea(path: Path) -> None:
    assert len((ROOT / path).read_text().splitlines()) <= 300


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
