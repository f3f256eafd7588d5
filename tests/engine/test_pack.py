"""A run that travels: packed, unpacked elsewhere, it answers as before."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from siam.cli import app
from siam.engine.pack import pack_run, unpack_run
from siam.errors import RunError, StoreError, UsageError
from siam.runs.held_out import load_held_out
from siam.runs.lifecycle import hold_run


def siam(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda _: tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture
def picture(run_copy: Path, tmp_path: Path) -> Path:
    _, test = load_held_out(run_copy)
    Image.fromarray(test.pictures[0, :, :, 0]).save(tmp_path / "a.png")
    return tmp_path / "a.png"


def neighbours(picture: Path, run: object) -> list[dict[str, object]]:
    result = siam("query", picture, "--run", run, "--json")
    assert result.exit_code in (0, 1), result.stderr
    found: list[dict[str, object]] = json.loads(result.stdout)["results"][0]["neighbours"]
    return found


def test_a_run_answers_as_before_wherever_it_was_unpacked(
    run_copy: Path, picture: Path, cache: Path
) -> None:
    before = neighbours(picture, "digits")
    assert siam("runs", "pack", "digits").exit_code == 0
    assert siam("runs", "unpack", "digits.siam", "--name", "there").exit_code == 0
    for run in ("there", "digits.siam"):
        after = neighbours(picture, run)
        assert [item["key"] for item in after] == [item["key"] for item in before]
        np.testing.assert_allclose(
            [item["distance"] for item in after], [item["distance"] for item in before], atol=1e-6
        )
    for folder in (run_copy.with_name("there"), next(cache.glob("packs/*/digits"))):
        assert list((folder / "index").glob("accelerator-*"))
        assert not (folder / "report.html").exists() and not (folder / "logs").exists()
    refused = siam("index", "add", picture, "--run", "digits.siam")
    assert refused.exit_code == 2 and "is not written to" in refused.stderr


def test_nothing_is_overwritten(run_copy: Path, tmp_path: Path) -> None:
    pack_run("digits", tmp_path / "x.siam")
    with pytest.raises(UsageError, match="nothing is overwritten"):
        pack_run("digits", tmp_path / "x.siam")
    with pytest.raises(UsageError, match="nothing is overwritten"):
        unpack_run(tmp_path / "x.siam")
    with pytest.raises(UsageError, match=r"ends in \.siam"):
        pack_run("digits", tmp_path / "x.zip")


def test_pictures_of_the_gallery_stay_at_home(run_copy: Path, tmp_path: Path) -> None:
    pack_run("digits", tmp_path / "whole.siam")
    pack_run("digits", tmp_path / "bare.siam", thumbnails=False)
    with sqlite3.connect(run_copy / "index" / "catalogue.sqlite") as connection:
        (kept,) = connection.execute("SELECT picture FROM thumbnails WHERE id = 7").fetchone()
    assert kept in (tmp_path / "whole.siam").read_bytes()
    assert kept not in (tmp_path / "bare.siam").read_bytes()
    place = unpack_run(tmp_path / "bare.siam", name="bare").path
    with sqlite3.connect(place / "index" / "catalogue.sqlite") as connection:
        assert connection.execute("SELECT count(*) FROM thumbnails").fetchone() == (0,)
    assert siam("index", "verify", "--run", "bare").exit_code == 0


def test_what_cannot_be_opened_leaves_nothing(run_copy: Path, tmp_path: Path) -> None:
    shutil.copytree(run_copy, run_copy.with_name("other"))
    with sqlite3.connect(run_copy / "index" / "catalogue.sqlite") as connection:
        connection.execute("UPDATE settings SET value = 'another' WHERE name = 'encoder'")
    pack_run("digits", tmp_path / "x.siam")
    with pytest.raises(StoreError, match="was filled by the encoder another"):
        unpack_run(tmp_path / "x.siam", name="x")
    assert sorted(path.name for path in run_copy.parent.iterdir()) == ["digits", "other"]


def test_one_that_was_killed_is_begun_anew_and_one_at_work_is_left_alone(
    run_copy: Path, tmp_path: Path
) -> None:
    pack_run("digits", tmp_path / "x.siam")
    left = run_copy.with_name(".unpacking-new")
    left.mkdir()
    (left / "config.toml").write_text("half")
    with hold_run(left):
        with pytest.raises(RunError, match="is being unpacked by another process"):
            unpack_run(tmp_path / "x.siam", name="new")
        assert left.exists()
    unpack_run(tmp_path / "x.siam", name="new")
    assert sorted(path.name for path in run_copy.parent.iterdir()) == ["digits", "new"]
