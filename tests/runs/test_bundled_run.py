"""The run that ships with siam: what it holds, when it answers, and when it does not."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from siam.errors import RunError, UsageError
from siam.run_files import CONFIG_FILE, HELD_OUT_FILE, INDEX_FOLDER
from siam.runs.bundled_run import BUNDLED_ENCODERS, PACK, bundled_run
from siam.runs.config import load_config
from siam.runs.pack import open_pack

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE, SCRIPT = ROOT / "examples" / "digit.jpg", ROOT / "scripts" / "bundle_digits.py"


@pytest.fixture(autouse=True)
def nothing_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user who has neither trained nor asked anything."""
    monkeypatch.setenv("SIAM_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr("platformdirs.user_cache_path", lambda _: tmp_path / "cache")


def finish(run: Path) -> Path:
    """Make what is taken for a finished run."""
    run.mkdir(parents=True)
    (run / CONFIG_FILE).touch()
    (run / "manifest.json").write_text('{"versions": {}, "files": {}}')
    return run


def test_it_is_small_and_says_nothing_of_where_it_was_made() -> None:
    assert PACK.stat().st_size <= 1_500_000
    made = bundled_run(None)
    assert made is not None and made.name == "digits"
    config = load_config(made)
    assert (config.source, config.data.data_dir) == ("mnist", None)
    assert config.classes == tuple("0123456789")
    assert json.loads((made / "metrics.json").read_text())["retrieval"]["recall@1"] >= 0.996
    assert sorted(open_pack(PACK).files) == [
        "calibration.json",
        "config.toml",
        "encoder.tflite",
        f"{INDEX_FOLDER}/catalogue.sqlite",
        "manifest.json",
        "metrics.json",
    ]


def test_it_answers_a_photo_and_says_that_it_does() -> None:
    from siam.engine.answers.answer import Answer
    from siam.engine.open_run import open_run
    from siam.engine.query import query_pictures

    with open_run() as run:
        assert "No run of your own yet: answering with the bundled digits" in run.encoder.notice
        (answer,) = query_pictures(run, [("a photo", EXAMPLE)])
    assert isinstance(answer, Answer) and (answer.label, answer.verdict) == ("5", "match")


def test_it_does_not_where_a_run_is_named_or_there_is_one(tmp_path: Path) -> None:
    assert bundled_run("digits") is None
    own = finish(tmp_path / "runs" / "mine")
    assert bundled_run(None) is None
    shutil.rmtree(own)
    assert bundled_run(None) is not None


def test_it_does_not_where_it_lacks_what_is_read() -> None:
    assert bundled_run(None, [CONFIG_FILE]) is not None
    assert bundled_run(None, [CONFIG_FILE, HELD_OUT_FILE]) is None


def test_it_is_part_of_siam_and_needs_no_signature(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIAM_TRUSTED_KEYS", str(tmp_path / "no such file"))
    assert bundled_run(None) is not None
    assert [open_pack(pack).signed for pack in BUNDLED_ENCODERS.values()] == [False]
    copied = shutil.copyfile(PACK, tmp_path / PACK.name)  # as somebody may have sent it
    with pytest.raises(UsageError, match="cannot be read as public keys"):
        open_pack(copied)


@pytest.mark.slow
def test_the_script_that_makes_it_makes_such_a_pack(trained: Path, tmp_path: Path) -> None:
    made = tmp_path / "made.siam"
    subprocess.run([sys.executable, SCRIPT, trained, made], check=True)
    assert open_pack(made).files.keys() == open_pack(PACK).files.keys()


def test_no_place_to_unpack_it_to_is_said_with_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr("platformdirs.user_cache_path", lambda _: tmp_path / "file")
    with pytest.raises(RunError, match=r"user cache .*file.* cannot be written.*\n.*runs unpack"):
        bundled_run(None)
