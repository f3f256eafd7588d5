"""The examples in all docstrings run and print what they say; what a module exports is there."""

from __future__ import annotations

import ast
import doctest
import importlib
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
OUTSIDE = {"tests", "benchmarks", "build", "scripts", "docs", "examples", ".venv"}
FILES = sorted(
    path.relative_to(ROOT)
    for path in (*ROOT.glob("*.py"), *ROOT.glob("*/**/*.py"))
    if path.relative_to(ROOT).parts[0] not in OUTSIDE
)
WITH_EXAMPLES = [path for path in FILES if ">>> " in (ROOT / path).read_text()]
# Their examples ask a run about pictures.
OF_A_RUN = {Path("__init__.py")} | {
    Path(f"engine/api/{name}.py") for name in ("audit", "run", "train")
}
# What every example may use without importing it, as its module mostly does.
NAMES = {"np": np, "Path": Path}


def name_of(path: Path) -> str:
    """Return the module's dotted name."""
    parts = path.with_suffix("").parts
    return ".".join(("siam", *(part for part in parts if part != "__init__")))


def exports(path: Path) -> list[str] | None:
    """Return the `__all__` of a file without importing it; None where it has none."""
    for node in ast.parse((ROOT / path).read_text()).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return list(ast.literal_eval(node.value))
    return None


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=str)
def test_examples_print_what_they_say(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    module = importlib.import_module(name_of(path))
    if path in OF_A_RUN:
        request.getfixturevalue("pictures_beside_a_run")
    else:
        monkeypatch.setenv("SIAM_RUNS", str(tmp_path / "runs"))
    assert "doctest: +SKIP" not in (ROOT / path).read_text()
    monkeypatch.chdir(tmp_path)  # an example that writes a file writes it here
    outcome = doctest.testmod(module, extraglobs=NAMES)
    assert outcome.attempted > 0
    assert outcome.failed == 0


@pytest.mark.parametrize("path", [path for path in FILES if exports(path)], ids=str)
def test_what_a_module_exports_is_there(path: Path) -> None:
    names = exports(path)
    assert names is not None
    assert len(names) == len(set(names))
    module = importlib.import_module(name_of(path))
    # By `getattr`, since siam itself loads what it exports at its first use.
    assert [name for name in names if not hasattr(module, name)] == []
