"""The runs folder: names, the last run, listing, removing."""

from __future__ import annotations

from pathlib import Path

import pytest

from siam.errors import RunError
from siam.runs.runs_folder import find_run, free_name, list_runs, point_last_to, remove_run


def test_names_count_upwards(runs: Path) -> None:
    assert free_name(None, "My Photos!") == "my-photos-1"
    (runs / "my-photos-1").mkdir(parents=True)
    (runs / "my-photos-2.partial").mkdir()
    assert free_name(None, "My Photos!") == "my-photos-3"
    assert free_name("mine", "x") == "mine"


def test_a_run_is_found_by_name_by_path_and_as_the_last(run_copy: Path) -> None:
    assert find_run() == run_copy.resolve()
    assert find_run(run_copy.name) == run_copy.resolve()
    assert find_run(str(run_copy)) == run_copy.resolve()


def test_a_folder_that_is_no_run(run_copy: Path) -> None:
    (run_copy.parent / "other").mkdir()
    with pytest.raises(RunError, match="is no finished run"):
        find_run("other")


def test_removing_the_last_run_points_to_the_newest_left(run_copy: Path) -> None:
    import shutil

    other = run_copy.parent / "other"
    shutil.copytree(run_copy, other)
    point_last_to(other)
    remove_run("other")
    assert not other.exists()
    assert find_run() == run_copy.resolve()
    remove_run(run_copy.name)
    assert list_runs() == []
    assert not list(run_copy.parent.iterdir())
    with pytest.raises(RunError, match="There is no run"):
        remove_run("other")


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
    run_copy: Path, config: str, metrics: str
) -> None:
    broken = run_copy.parent / "broken"
    broken.mkdir()
    (broken / "config.toml").write_text(config)
    (broken / "metrics.json").write_text(metrics)
    summaries = {run.name: run for run in list_runs()}
    assert not summaries["broken"].finished
    assert summaries["broken"].dataset is None
    assert summaries["broken"].pair_accuracy is None
    assert summaries["broken"].recall_at_1 is None
    whole = summaries[run_copy.name]
    assert whole.dataset == "digits"
    assert whole.pair_accuracy and whole.pair_accuracy > 0.9
    assert whole.recall_at_1 and whole.recall_at_1 > 0.9
