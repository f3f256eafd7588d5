"""What a power cut leaves: what was flushed for certain, of the rest nothing, names, or some."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import shim  # noqa: E402
from power_cut import Disk  # noqa: E402

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="LD_PRELOAD is of Linux")
FLUSHED = """
target = open("new", "wb")
target.write(b"whole")
target.flush()
"""
RENAME = """
target.close()
os.replace("new", "place")
"""
SYNC_FILE, SYNC_FOLDER = "os.fsync(target.fileno())", "os.fsync(os.open('.', os.O_RDONLY))"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shim.compile_shim(tmp_path_factory.mktemp("shim"))


def run(library: Path, folder: Path, program: str, mode: str, at: int = 0) -> tuple[int, str]:
    """Run a program in a folder, armed; return its exit code and what it wrote to stderr."""
    armed = f"import os, shim, sys\nfrom pathlib import Path\nshim.arm(Path.cwd(), {mode!r}, "
    done = subprocess.run(
        [sys.executable, "-c", f"{armed}at={at}, journal=Path('../journal'))\n{program}"],
        cwd=folder,
        env={**os.environ, shim.PRELOAD: str(library), "PYTHONPATH": str(Path(__file__).parent)},
        stderr=subprocess.PIPE,
        text=True,
    )
    return done.returncode, done.stderr


def left(library: Path, tmp_path: Path, program: str, survival: str) -> dict[str, bytes]:
    """Return the files that a power cut after a program leaves, by name."""
    place = tmp_path / "place"
    place.mkdir()
    (place / "place").write_bytes(b"old")
    disk = Disk(place)
    assert run(library, place, program, "record")[0] == 0
    for operation in shim.read_journal(tmp_path / "journal"):
        disk.apply(operation)
    disk.write(tmp_path / "left", survival, random.Random(0))
    return {path.name: path.read_bytes() for path in (tmp_path / "left").iterdir()}


@pytest.mark.parametrize(
    ("syncs", "survival", "expected"),
    [
        ("neither", "nothing", {"place": b"old"}),
        ("neither", "names", {"place": b""}),
        ("file", "nothing", {"place": b"old"}),
        ("file", "names", {"place": b"whole"}),
        ("both", "nothing", {"place": b"whole"}),
        ("folder", "nothing", {"place": b""}),
    ],
)
def test_only_what_was_flushed_is_certain(
    library: Path, tmp_path: Path, syncs: str, survival: str, expected: dict[str, bytes]
) -> None:
    file = SYNC_FILE if syncs in {"file", "both"} else ""
    folder = SYNC_FOLDER if syncs in {"folder", "both"} else ""
    program = f"{FLUSHED}{file}{RENAME}{folder}"
    assert left(library, tmp_path, program, survival) == expected


@pytest.mark.parametrize(("at", "there"), [(1, False), (2, True)])
def test_a_kill_comes_before_its_operation(
    library: Path, tmp_path: Path, at: int, there: bool
) -> None:
    (tmp_path / "place").mkdir()
    assert run(library, tmp_path / "place", FLUSHED, "kill", at)[0] == -9
    assert (tmp_path / "place" / "new").exists() is there


def test_a_torn_write_is_half_there(library: Path, tmp_path: Path) -> None:
    (tmp_path / "place").mkdir()
    assert run(library, tmp_path / "place", FLUSHED, "tear", 2)[0] == -9
    assert (tmp_path / "place" / "new").read_bytes() == b"wh"


@pytest.mark.parametrize(("mode", "words"), [("EIO", "Input/output"), ("ENOSPC", "No space left")])
def test_a_disk_refuses(library: Path, tmp_path: Path, mode: str, words: str) -> None:
    (tmp_path / "place").mkdir()
    code, errors = run(library, tmp_path / "place", FLUSHED, mode, 2)
    assert code == 1 and words in errors
