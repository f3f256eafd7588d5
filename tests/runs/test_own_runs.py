"""Runs that were trained here are known by their manifest; a forged one is not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from siam.runs.manifest import write_manifest
from siam.runs.own_runs import own_verdict, remember_own, was_trained_here

WriteRun = Callable[..., Path]


def test_a_run_is_known_under_any_name_until_a_file_of_it_is_another(
    write_run: WriteRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / "cache" / name)
    run = write_run("pets-1")
    assert not was_trained_here(run)
    remember_own(run)
    copy = Path(shutil.copytree(run, run.with_name("copy")))
    assert was_trained_here(run) and was_trained_here(copy)
    (copy / "metrics.json").write_text('{"pairs": {"accuracy": 1.0}}')
    write_manifest(copy)  # as who forges a run would
    assert not was_trained_here(copy)


def test_where_nothing_can_be_kept_nothing_is_known(
    write_run: WriteRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").write_text("in the way")
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / "cache" / name)
    run = write_run("pets-1")
    remember_own(run)
    assert not was_trained_here(run)


def test_the_verdict_of_a_run_that_was_trained_here_is_told_and_of_no_other(
    write_run: WriteRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / "cache" / name)
    run = write_run("pets-1")
    (run / "metrics.json").write_text('{"use": "Good enough to sort", "verdict": "97 % find."}')
    write_manifest(run)
    assert own_verdict(run) == ""
    remember_own(run)
    assert own_verdict(run) == "Good enough to sort"
    (run / "metrics.json").write_text("[")
    assert own_verdict(run) == ""
