"""The docs name files that are there, and figures' pages that open."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import siam
from siam.cli import app

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(
    path.relative_to(ROOT)
    for pattern in ("*.md", "docs/**/*.md", "benchmarks/*.md")
    for path in ROOT.glob(pattern)
)


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_to_files(page: Path) -> None:
    text = (ROOT / page).read_text()
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    ours = [link for link in links if "://" not in link]
    missing = [link for link in ours if not (ROOT / page).parent.joinpath(link).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_modules_that_are_named_are_there(page: Path) -> None:
    named = set(re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.py)`", (ROOT / page).read_text()))
    missing = sorted(name for name in named if not (ROOT / name).exists())
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_examples_import_what_is_there(page: Path) -> None:
    lines = re.findall(
        r"^\s*from (siam\.[\w.]+) import ([\w, ]+)$", (ROOT / page).read_text(), re.M
    )
    missing = []
    for module, names in lines:
        path = ROOT.joinpath(*module.split(".")[1:]).with_suffix(".py")
        source = path.read_text() if path.exists() else ""
        missing += [
            f"{module}.{name}"
            for name in re.sub(r" as \w+| ", "", names).split(",")
            if not re.search(rf"^(?:def |class )?{name}\b", source, re.M)
        ]
    assert not missing


def commands() -> set[str]:
    """Return the names of what `siam --help` lists."""
    from typer.main import get_command

    return set(get_command(app).commands)  # type: ignore[attr-defined]


def test_the_table_of_commands_is_what_help_lists() -> None:
    text = (ROOT / "README.md").read_text()
    table = text[text.index("## Commands") :].split("\n\n")[1]
    rows = [line.split(" | ")[0] for line in table.splitlines()]
    assert {name for row in rows for name in re.findall(r"`siam ([a-z]+)", row)} == commands()


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_commands_that_are_named_are_there(page: Path) -> None:
    """In code: `siam query ...` and lines that begin with it."""
    text = (ROOT / page).read_text()
    named = set(re.findall(r"(?:`|^\s{4,}|^\$ )siam ([a-z][a-z-]*)\b", text, re.M))
    assert named <= commands()


def test_the_python_page_names_what_is_public_and_nothing_else() -> None:
    text = (ROOT / "docs" / "python.md").read_text()
    named = set(re.findall(r"\bsiam\.(\w+)", text))
    assert named == set(siam.__all__)
