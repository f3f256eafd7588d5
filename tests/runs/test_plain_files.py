"""What else than plain files lies in a run is refused before anything is read or written."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from siam.errors import RunError
from siam.runs import plain_files
from siam.runs.plain_files import check_plain_files
from siam.runs.runs_folder import find_run, interrupted_run, list_runs

WriteRun = Callable[..., Path]


@pytest.mark.parametrize("name", ["model.keras", "index", "logs", "index/catalogue.sqlite"])
def test_a_link_in_a_run_is_refused(write_run: WriteRun, tmp_path: Path, name: str) -> None:
    target = tmp_path / "elsewhere"
    target.write_text("somebody's own")
    finished, partial = write_run("pets-1"), write_run("pets-2.partial")
    for run in (finished, partial):
        (run / name).parent.mkdir(exist_ok=True)
        (run / name).symlink_to(target)
    with pytest.raises(RunError, match=f"{name} is a link") as caught:
        find_run("pets-1")
    assert "cp -rL" in caught.value.cure
    with pytest.raises(RunError, match=f"{name} is a link"):
        interrupted_run("pets-2")
    assert target.read_text() == "somebody's own"
    assert len(list_runs()) == 2  # which are listed all the same, to be removed


def test_a_run_may_itself_be_reached_by_a_link(
    write_run: WriteRun, runs: Path, tmp_path: Path
) -> None:
    run = write_run("pets-1", folder=tmp_path / "other-disk")
    runs.mkdir()
    (runs / "pets").symlink_to(run)
    assert find_run("pets") == run


def test_a_pipe_is_refused_and_holds_up_no_list(write_run: WriteRun) -> None:
    run = write_run("pets-1")
    for name in ("held_out.npz", "metrics.json"):
        (run / name).unlink(missing_ok=True)
        os.mkfifo(run / name)
    with pytest.raises(RunError, match="is no plain file"):
        find_run("pets-1")
    assert list_runs()[0].pair_accuracy is None


def test_more_files_than_a_run_has(write_run: WriteRun, monkeypatch: pytest.MonkeyPatch) -> None:
    run = write_run("pets-1")
    check_plain_files(run)
    monkeypatch.setattr(plain_files, "MOST", 2)
    with pytest.raises(RunError, match="more than 2 files"):
        check_plain_files(run)
