"""Every block of Python or commands in the docs runs as it stands, or says above it why not.

A comment says it: `<!-- not run: needs a GPU -->`. The run of digits that all tests share stands in
for what `siam train` would train, pictures of its digits for the pictures that a command names.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet
from typer.testing import CliRunner

import siam
from siam.cli import app
from siam.datasets.dataset import Split
from siam.runs.held_out import load_held_out

ROOT = Path(__file__).resolve().parent.parent.parent
# What measurements.md quotes was run on the day that stands beside it; those of web.md want a
# server, and tests/web/test_web_docs.py runs them.
PAGES = [Path("README.md")] + sorted(
    path.relative_to(ROOT)
    for path in ROOT.glob("docs/**/*.md")
    if path.name not in ("measurements.md", "web.md")
)
MARK = re.compile(r"<!-- not run: .+ -->")
COMMAND = re.compile(r"(?:[A-Z_]+=\S+ )*(?:siam|python|pip|make|docker|openssl|srun|uvicorn)\b")
# Commands that import TensorFlow or take seconds.
LONG = {"audit", "classify", "compare", "demo", "doctor", "embed", "evaluate", "export", "report"}
LONG |= {"show", "tune"}
# Options whose word is a file to write, or no file at all.
WRITTEN = ("--out", "--to", "--sheet", "--show-input", "--html", "--csv", "--label", "--undo")
OF_A_RUN = ("--run", "--compare", "pack")


@dataclass(frozen=True)
class Block:
    """A block of code of a page, and whether a comment above says that it is not run."""

    line: int
    language: str
    text: str
    marked: bool

    @property
    def commands(self) -> list[str]:
        """Its commands: lines after a prompt, or those that begin with a program."""
        lines = self.text.splitlines()
        prompted = [line[2:] for line in lines if line.startswith("$ ")]
        if self.language not in ("", "text", "console"):
            return []
        return prompted or [line for line in lines if COMMAND.match(line)]


def read_blocks(page: Path) -> list[Block]:
    """Return the blocks of a page, fenced or set in by four spaces."""
    lines = [*(ROOT / page).read_text().splitlines(), ""]
    blocks, marked, at = [], False, 0
    while at < len(lines):
        begin, language = at, ""
        if lines[at].startswith("```"):
            language = lines[at][3:].strip()
            at = lines.index("```", at + 1) + 1
            text = lines[begin + 1 : at - 1]
        elif lines[at].startswith("    ") and not lines[at - 1]:
            while at < len(lines) and (lines[at].startswith("    ") or not lines[at]):
                at += 1
            text = [line[4:] for line in lines[begin:at]]
        else:
            marked = bool(MARK.fullmatch(lines[at])) or marked and not lines[at]
            at += 1
            continue
        blocks.append(Block(begin + 1, language, "\n".join(text) + "\n", marked))
        marked = False
    return blocks


BLOCKS = {page: read_blocks(page) for page in PAGES}
WITH_COMMANDS = {
    page: commands
    for page, blocks in BLOCKS.items()
    if (commands := [line for one in blocks if not one.marked for line in one.commands])
}
WITH_PYTHON = [
    page
    for page, blocks in BLOCKS.items()
    if any(one.language == "python" and not one.marked for one in blocks)
]
# The tutorial trains, for seconds each.
TUTORIAL = [page for page in WITH_PYTHON if page.parent.name == "tutorial"]


def is_long(command: str) -> bool:
    """Return whether a command is one that takes its time."""
    return bool(LONG & set(command.split()[:4]))


@pytest.fixture
def world(
    pictures_beside_a_run: None, run_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Split, Path]:
    """Test pictures of the run that stands in for all others, and its folder."""
    monkeypatch.setattr("siam.engine.api.train.train", lambda *_, **__: siam.open("digits"))
    shutil.copytree(ROOT / "examples", "examples")
    return load_held_out(run_copy)[1], run_copy


def stand_in(word: str, digits: Split) -> None:
    """Write what a command names, where it is not there and can be made of digits."""
    path, suffix = Path(word), Path(word).suffix
    if path.exists():
        return
    if suffix in (".jpg", ".jpeg", ".png"):
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(digits.pictures[len(word), :, :, 0]).save(path)
    elif suffix == ".npz":
        np.savez(path, x=digits.pictures[:40], y=digits.labels[:40])
    elif suffix == ".parquet":
        cells = [cv2.imencode(".png", picture)[1].tobytes() for picture in digits.pictures[:9]]
        parquet.write_table(pa.table({"image": cells, "label": digits.labels[:9]}), path)
    elif suffix == ".csv":
        path.write_text("left,right,same\na.png,b.png,0\na.png,a.png,1\n", "utf-8")
    elif word.endswith("/"):
        for row, label in enumerate(digits.labels[:12]):
            (path / f"class {label}").mkdir(parents=True, exist_ok=True)
            picture = Image.fromarray(digits.pictures[row, :, :, 0])
            picture.save(path / f"class {label}" / f"{row}.png")


def run_command(line: str, digits: Split, run: Path) -> None:
    """Run a line as a shell would, in this process, and demand an answer: exit code 0 or 1."""
    before, _, after = re.split(r"\s+#\s", line)[0].rpartition("|")
    typed = shlex.split(before)[1].encode().decode("unicode_escape") if before else None
    program, *words = shlex.split(after)
    if program == "pip":  # nothing is installed, but what would be is there
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
        named = ",".join(re.findall(r"\[([\w,]+)\]", " ".join(words)))
        assert set(filter(None, named.split(","))) <= extras["optional-dependencies"].keys()
        return
    if program == "openssl":
        subprocess.run([program, *words], check=True)
        return
    if words[0] == "serve":  # until it is stopped: tests/web/test_server.py starts it
        return
    assert program == "siam", f"{line}: mark its block as not run, and say why"
    for option, word in zip(["", *words], words, strict=False):
        if option in OF_A_RUN and not Path(word).exists() and not Path(word).suffix:
            if not run.with_name(word).exists():
                shutil.copytree(run, run.with_name(word))
        elif option not in WRITTEN and not word.startswith("-") and words[0] != "train":
            stand_in(word, digits)
    done = CliRunner().invoke(app, words, input=typed)
    assert done.exit_code in (0, 1), f"{line}\n{done.output}\n{done.exception!r}"


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=str)
def test_commands_run(page: Path, world: tuple[Split, Path]) -> None:
    for line in WITH_COMMANDS[page]:
        if not is_long(line):
            run_command(line, *world)


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [page for page, lines in WITH_COMMANDS.items() if any(map(is_long, lines))], ids=str
)
def test_long_commands_run_too(page: Path, world: tuple[Split, Path]) -> None:
    for line in WITH_COMMANDS[page]:
        run_command(line, *world)


def run_python(page: Path) -> dict[str, object]:
    """Run the Python blocks of a page, one after the other, and return what they named."""
    names: dict[str, object] = {}
    for one in BLOCKS[page]:
        if one.language == "python" and not one.marked:
            place = "\n" * one.line  # so that an error names the line of the page
            exec(compile(place + one.text, ROOT / page, "exec"), names)
    return names


@pytest.mark.parametrize("page", [page for page in WITH_PYTHON if page not in TUTORIAL], ids=str)
@pytest.mark.usefixtures("pictures_beside_a_run")
def test_python_runs(page: Path) -> None:
    assert run_python(page)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("page", TUTORIAL, ids=str)
@pytest.mark.usefixtures("runs")
def test_the_tutorial_runs(page: Path) -> None:
    """And teaches something: its networks do what the page says of them."""
    accuracy = run_python(page)["accuracy"]
    assert isinstance(accuracy, float) and accuracy > 0.9


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_blocks_in_other_languages_are_not_missed(page: Path) -> None:
    assert {one.language for one in BLOCKS[page]} <= {"", "text", "console", "python", "html"}
