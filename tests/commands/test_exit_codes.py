"""Every mistake a user can make ends in a line or two and the documented exit code."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from siam.cli import app
from siam.errors import InternalError, SiamError


def siam(*words: str | Path) -> Result:
    """Run the command line in this process."""
    return CliRunner().invoke(app, [str(word) for word in words])


def picture(path: Path, value: int = 255) -> Path:
    """Write a small picture with a stroke in it."""
    pixels = np.zeros((28, 28), np.uint8)
    pixels[6:22, 12:16] = value
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """A place that is refused is refused before the pictures are read."""
    monkeypatch.setattr("siam.engine.training_plan.load_dataset", None)


def test_no_run_yet(runs: Path) -> None:
    result = siam("evaluate")
    assert result.exit_code == 4
    assert "There is no finished run" in result.stderr
    assert "siam train" in result.stderr
    assert result.stdout == ""


def test_unknown_run(runs: Path) -> None:
    result = siam("evaluate", "--run", "nobody")
    assert result.exit_code == 4
    assert "There is no run 'nobody'" in result.stderr


def test_usage(runs: Path) -> None:
    assert siam("query").exit_code == 2
    assert siam("nonsense").exit_code == 2
    assert siam("train", "digits", "--set", "epochs").exit_code == 2


def test_unknown_pairs(runs: Path) -> None:
    result = siam("train", "digits", "--pairs", "foo")
    assert result.exit_code == 2
    assert "There is no kind of pairs 'foo'" in result.stderr


def test_unknown_preset(runs: Path) -> None:
    result = siam("train", "digits", "--preset", "huge")
    assert result.exit_code == 2
    assert "There is no preset 'huge'" in result.stderr
    assert not list(runs.glob("*"))
    # Said before any data is looked for.
    result = siam("train", "not-there", "--preset", "huge")
    assert "There is no preset 'huge'" in result.stderr


def test_unknown_recipe_value(runs: Path) -> None:
    result = siam("train", "digits", "--set", "augment.wobble=1")
    assert result.exit_code == 2
    assert "no value 'augment.wobble'" in result.stderr
    assert "augment.rotation" in result.stderr


def test_a_data_set_that_is_not_there(runs: Path) -> None:
    result = siam("train", runs.parent / "nowhere")
    assert result.exit_code == 3
    assert "nowhere" in result.stderr
    assert not list(runs.glob("*"))


def test_an_empty_folder(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = siam("train", tmp_path / "empty")
    assert result.exit_code == 3
    assert len(result.stderr.strip().splitlines()) <= 2


def test_one_class_only(runs: Path, tmp_path: Path) -> None:
    for i in range(5):
        picture(tmp_path / "one" / "a" / f"{i}.png", 100 + i)
    result = siam("train", tmp_path / "one")
    assert result.exit_code == 3
    assert len(result.stderr.strip().splitlines()) <= 2


@pytest.mark.usefixtures("unread")
def test_an_unwritable_runs_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("SIAM_RUNS", str(tmp_path / "file" / "runs"))
    result = siam("train", "digits")
    assert result.exit_code == 4
    assert "cannot be written" in result.stderr
    assert "SIAM_RUNS" in result.stderr


def test_nothing_to_resume(runs: Path) -> None:
    result = siam("train", "--resume")
    assert result.exit_code == 4
    assert "There is no interrupted run" in result.stderr


@pytest.mark.usefixtures("unread")
@pytest.mark.parametrize("name", ["last", "a/b", "..", ""])
def test_a_name_that_is_none(runs: Path, name: str) -> None:
    result = siam("train", "digits", "--name", name)
    assert result.exit_code == 2
    assert "A run's name is one plain word" in result.stderr


@pytest.mark.usefixtures("unread")
def test_a_taken_name_overwrites_nothing(run_copy: Path) -> None:
    before = (run_copy / "manifest.json").read_bytes()
    result = siam("train", "digits", "--name", run_copy.name)
    assert result.exit_code == 2
    assert "nothing is overwritten" in result.stderr
    assert (run_copy / "manifest.json").read_bytes() == before


@pytest.mark.parametrize("name", ["encoder.tflite", "calibration.json", "config.toml"])
def test_a_changed_file_is_refused_by_name(run_copy: Path, name: str) -> None:
    path = run_copy / name
    path.write_bytes(path.read_bytes() + b"\n")
    result = siam("query", picture(run_copy.parent / "a.png"))
    assert result.exit_code == 4
    assert name in result.stderr
    assert "SHA-256" in result.stderr


@pytest.mark.parametrize("name", ["encoder.tflite", "calibration.json", "manifest.json"])
def test_a_missing_file_is_named(run_copy: Path, name: str) -> None:
    (run_copy / name).unlink()
    result = siam("query", "--run", run_copy.name, picture(run_copy.parent / "a.png"))
    assert result.exit_code == 4
    assert name in result.stderr


def test_a_picture_that_is_none(run_copy: Path, tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture")
    result = siam("query", tmp_path / "text.png")
    assert result.exit_code == 3
    assert "text.png" in result.stderr
    assert "Traceback" not in result.stderr


def test_one_bad_picture_among_many_is_skipped(run_copy: Path, tmp_path: Path) -> None:
    good = picture(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(good.read_bytes()[:40])
    result = siam("query", good, tmp_path / "bad.png", tmp_path / "absent.png")
    assert result.exit_code == 3
    assert "good.png" in result.stdout
    assert "bad.png" in result.stderr
    assert "absent.png" in result.stderr


def test_a_folder_without_pictures(run_copy: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = siam("query", tmp_path / "empty")
    assert result.exit_code == 3
    assert "holds no picture" in result.stderr


def test_far_and_threshold_together(run_copy: Path, tmp_path: Path) -> None:
    result = siam("query", picture(tmp_path / "a.png"), "--far", "0.01", "--threshold", "0.5")
    assert result.exit_code == 2


def test_a_box_that_is_none(run_copy: Path, tmp_path: Path) -> None:
    result = siam("query", picture(tmp_path / "a.png"), "--box", "1,2,3")
    assert result.exit_code == 2
    assert "left,top,right,bottom" in result.stderr


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("loss=triplet", "Choose one of: contrastive, supervised-contrastive"),
        ("tower=tall", "A recipe's tower cannot be 'tall'"),
        ("optimizer=sgd", "Choose one of: muon, adamw"),
        ("precision=int3", "A recipe's precision cannot be 'int3'"),
        ("strangers=1", "outlier_share must be 0 to 0.9, a share of the batch, received 1.0"),
        ("views=2", "Choose one of: 1, 5"),
        (
            "members=3",
            "multiple of its ensemble_size, one or more, received dim 64 and ensemble_size 3",
        ),
    ],
)
def test_a_recipe_that_names_what_is_not_there(runs: Path, value: str, words: str) -> None:
    result = siam("train", "digits", "--set", value)
    assert result.exit_code == 2
    assert words in result.stderr
    assert not list(runs.glob("*.partial"))


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (ZeroDivisionError("by nought"), 70, "Unforeseen ZeroDivisionError at test_exit_codes.py"),
        (MemoryError(), 70, "no message"),
        (OSError(errno.EBADF, "Bad file descriptor"), 70, "Bad file descriptor."),
        (OSError(errno.ENOSPC, "No space left on device"), 4, "Free some space"),
        (OSError(errno.EIO, "Input/output error"), 4, "name another place"),
        (OSError("1438 requested and 0 written"), 4, "0 written."),
        (OSError(errno.ENOSPC, "No space left on device", "/far/away.png"), 4, "/far/away.png"),
        (PermissionError(errno.EACCES, "Permission denied", "runs/a/config.toml"), 4, "rights"),
        (PermissionError(errno.EACCES, "Permission denied", "pictures.csv"), 3, "pictures.csv"),
        (FileNotFoundError(errno.ENOENT, "No such file", "no/where.csv"), 2, "There is no folder"),
    ],
    ids=str,
)
def test_a_fault_is_told_from_an_answer(
    runs: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int, words: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("siam.runs.runs_folder.list_runs", fail)
    result = siam("runs", "--json")
    assert result.exit_code == code
    assert words in result.stderr
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 2


def test_no_error_ends_with_the_code_of_an_answer() -> None:
    families = [InternalError, *SiamError.__subclasses__()]
    assert {family.exit_code for family in families} == {2, 3, 4, 5, 70}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize(
    ("words", "full", "code"),
    [
        (["query", "missing.png", "--run", "nobody"], "stderr", 4),
        (["nonsense"], "stderr", 4),
        (["--help"], "stdout", 4),
        (["--version"], "stdout", 4),
    ],
    ids=str,
)
def test_a_stream_to_a_full_disk_ends_with_a_documented_code(
    runs: Path, words: list[str], full: str, code: int
) -> None:
    with open("/dev/full", "w", encoding="utf-8") as target:
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, full: target}
        command = [sys.executable, "-m", "siam.cli", *words]
        ended = subprocess.run(command, text=True, **streams)  # type: ignore[call-overload]
    assert ended.returncode == code
    assert full == "stderr" or "No space left" in ended.stderr
