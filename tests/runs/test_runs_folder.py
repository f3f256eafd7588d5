"""The runs folder: names, the newest run, listing, removing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from siam.errors import RunError, UsageError
from siam.runs.lifecycle import begin_run, hold_run, publish_run
from siam.runs.manifest import read_manifest
from siam.runs.runs_folder import find_run, free_name, interrupted_run, list_runs, remove_run

WriteRun = Callable[..., Path]
HOLD = """
import sys
from pathlib import Path
from siam.runs.lifecycle import hold_run
with hold_run(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_names_count_upwards(runs: Path) -> None:
    assert free_name(None, "My Photos!") == "my-photos-1"
    (runs / "my-photos-1").mkdir(parents=True)
    (runs / "my-photos-2.partial").mkdir()
    assert free_name(None, "My Photos!") == "my-photos-3"
    assert free_name("mine", "x") == "mine"


@pytest.mark.parametrize(
    "name",
    ["last", "", "..", "-x", "a/b", "a\\b", "c:x", "what?", "nul", "COM1.old", "dot.", "a.partial"],
)
def test_a_name_that_some_system_cannot_store_is_refused(runs: Path, name: str) -> None:
    with pytest.raises(UsageError, match="one plain word"):
        free_name(name, "x")


@pytest.mark.parametrize("name", ["console", "a.b", "größe 2", "com"])
def test_a_name_that_every_system_stores_is_taken(runs: Path, name: str) -> None:
    assert free_name(name, "x") == name


def test_a_run_is_found_by_name_by_path_and_as_the_newest(write_run: WriteRun) -> None:
    run = write_run("pets-1")
    assert find_run() == run.resolve()
    assert find_run("last") == run.resolve()
    assert find_run("pets-1") == run.resolve()
    assert find_run(str(run)) == run.resolve()


def test_the_newest_finished_run_is_the_one_that_was_finished_last(write_run: WriteRun) -> None:
    older, newer = write_run("b"), write_run("a")
    write_run("c.partial", begun=9e9)
    (newer.parent / "comparisons").mkdir()
    assert find_run() == newer.resolve()
    assert [run.name for run in list_runs() if run.state == "finished"] == ["a", "b"]
    # Copied without its times, it is still the older one.
    shutil.rmtree(older)
    shutil.copytree(newer, older, copy_function=shutil.copyfile)
    shutil.move(newer, newer.with_name("moved"))
    stamp = json.loads((older / "manifest.json").read_text())
    stamp["finished"] = "2020-01-01T00:00:00Z"
    (older / "manifest.json").write_text(json.dumps(stamp))
    assert find_run() == newer.with_name("moved").resolve()


def test_a_run_of_an_earlier_release_is_found(write_run: WriteRun) -> None:
    """Its manifest has no time, and `last` was a link beside it."""
    run = write_run("old")
    manifest = json.loads((run / "manifest.json").read_text())
    del manifest["finished"]
    (run / "manifest.json").write_text(json.dumps(manifest))
    (run.parent / "last").symlink_to("old", target_is_directory=True)
    assert find_run() == find_run("last") == find_run("old") == run.resolve()
    assert [summary.name for summary in list_runs()] == ["old"]


def test_a_linked_run_is_a_run_and_stays_where_it_is(write_run: WriteRun, tmp_path: Path) -> None:
    elsewhere = write_run("shared", folder=tmp_path / "elsewhere")
    write_run("own")
    (tmp_path / "runs" / "theirs").symlink_to(elsewhere, target_is_directory=True)
    assert find_run("theirs") == elsewhere.resolve()
    assert {run.name for run in list_runs()} == {"own", "theirs"}
    remove_run("theirs")
    assert {run.name for run in list_runs()} == {"own"}
    assert (elsewhere / "manifest.json").exists()


def test_what_is_no_finished_run(write_run: WriteRun, runs: Path) -> None:
    with pytest.raises(RunError, match="There is no finished run"):
        find_run()
    write_run("cut.partial")
    with pytest.raises(RunError, match="no finished run.*\n.*siam train --resume --name cut"):
        find_run()
    (runs / "other").mkdir()
    with pytest.raises(RunError, match="'cut' was interrupted"):
        find_run("cut")
    with pytest.raises(RunError, match="other is no finished run"):
        find_run("other")
    with pytest.raises(RunError, match="There is no run 'none'"):
        find_run("none")


def test_a_removed_run_is_gone(write_run: WriteRun, runs: Path) -> None:
    write_run("first")
    second = write_run("second")
    write_run("cut.partial")
    remove_run("first")
    remove_run("cut")
    assert find_run() == second.resolve()
    remove_run("second")
    assert list_runs() == []
    assert not list(runs.iterdir())
    with pytest.raises(RunError, match="There is no run"):
        remove_run("second")


def test_a_removal_that_was_cut_is_ended_by_the_next(write_run: WriteRun, runs: Path) -> None:
    write_run(".removed-old")
    write_run("new")
    assert [run.name for run in list_runs()] == ["new"]
    remove_run("new")
    assert not list(runs.iterdir())
    write_run(".removed-new")
    with pytest.raises(RunError, match="There is no run"):
        remove_run("new")
    assert not list(runs.iterdir())


def test_a_run_in_training_is_shown_and_kept(write_run: WriteRun, runs: Path) -> None:
    run = write_run("busy.partial")
    assert [summary.state for summary in list_runs()] == ["interrupted"]
    assert interrupted_run(None) == run
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(run)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin and process.stdout
        assert process.stdout.readline() == "held\n"
        assert [summary.state for summary in list_runs()] == ["training"]
        for refused in (remove_run, find_run, interrupted_run):
            with pytest.raises(RunError, match="'busy' is being trained"):
                refused("busy")
        with pytest.raises(RunError, match="no interrupted run"):
            interrupted_run(None)
        with pytest.raises(RunError, match="no finished run.*\n'busy' is being trained right now"):
            find_run()
        assert (run / "config.toml").exists()
        process.kill()
    assert [summary.state for summary in list_runs()] == ["interrupted"]
    with hold_run(run):
        pass
    remove_run("busy")
    assert not list(runs.iterdir())


def test_a_run_without_its_manifest_is_damaged(write_run: WriteRun) -> None:
    (write_run("hurt") / "manifest.json").unlink()
    assert [run.state for run in list_runs()] == ["damaged"]
    with pytest.raises(RunError, match="no interrupted run"):
        interrupted_run("hurt")


@pytest.mark.parametrize(
    ("config", "metrics"),
    [
        ("= nonsense", "["),
        ("dataset = 3", "[]"),
        ("[dataset]\nname = 3", '{"pairs": 3}'),
        ("a = " + "[" * 100_000, "[" * 100_000),
        ("", '{"pairs": {"accuracy": "high"}}'),
        ("", '{"retrieval": {"recall@1": 1e9}}'),
        ("", '{"pairs": {"accuracy": NaN}}'),
    ],
)
def test_a_run_that_cannot_be_read_does_not_hide_the_others(
    write_run: WriteRun, config: str, metrics: str
) -> None:
    write_run("whole")
    broken = write_run("broken")
    (broken / "config.toml").write_text(config)
    (broken / "metrics.json").write_text(metrics)
    (broken / "manifest.json").write_text(metrics)
    summaries = {run.name: run for run in list_runs()}
    assert summaries["broken"].dataset is None
    assert summaries["broken"].pair_accuracy is None
    assert summaries["broken"].recall_at_1 is None
    whole = summaries["whole"]
    assert (whole.dataset, whole.pair_accuracy, whole.recall_at_1) == ("pets", 0.98, 0.97)


def test_a_folder_that_nothing_was_begun_in_is_taken(write_run: WriteRun, runs: Path) -> None:
    """A kill between the folder and its configuration leaves no run that could be resumed."""
    (runs / "cut.partial").mkdir(parents=True)
    assert begin_run(runs / "cut") == runs / "cut.partial"
    (runs / "cut.partial").rmdir()
    write_run("cut.partial")
    with pytest.raises(RunError, match="'cut' was interrupted"):
        begin_run(runs / "cut")


def test_a_run_is_published_without_what_only_its_training_needed(
    write_run: WriteRun, runs: Path
) -> None:
    partial = write_run("new.partial")
    (partial / ".checkpoint.npz.a1b2.npz").touch()  # of a process that was killed
    (partial / "checkpoint.npz").touch()
    (partial / "pretrained").mkdir()
    run = publish_run(partial)
    names = {"config.toml", "metrics.json"}
    assert {path.name for path in run.iterdir()} == names | {"manifest.json"}
    assert read_manifest(run).files.keys() == names


def test_what_was_learned_is_kept_until_the_run_is_in_its_place(
    write_run: WriteRun, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partial = write_run("new.partial")
    (partial / "checkpoint.npz").touch()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("siam.runs.lifecycle.publish_folder", killed)
    with pytest.raises(KeyboardInterrupt):
        publish_run(partial)
    assert (partial / "checkpoint.npz").exists()
