"""Reading Lake's official one-shot runs, written here in their form."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from siam.errors import DataError
from siam.evaluation.episodes import score_trials
from siam.pictures.preparation import Preparation

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
PREPARATION = Preparation("none", (16, 16), 1)


@pytest.fixture
def omniglot(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("omniglot")


@pytest.fixture
def all_runs(tmp_path: Path) -> Path:
    """Two runs of three characters; item N shows class 4 - N, in a grey level of its own."""
    for run in (1, 2):
        lines = []
        for part in ("training", "test"):
            (tmp_path / f"run{run:02}" / part).mkdir(parents=True)
        for item in (1, 2, 3):
            query, right = f"run{run:02}/test/item{item:02}.png", 4 - item
            support = f"run{run:02}/training/class{right:02}.png"
            draw(tmp_path / query, level=60 * right + run)
            draw(tmp_path / support, level=60 * right)
            lines.append(f"{query} {support}")
        (tmp_path / f"run{run:02}" / "class_labels.txt").write_text("\n".join(lines) + "\n")
    return tmp_path


def draw(path: Path, *, level: int) -> None:
    Image.fromarray(np.full((16, 16), level, np.uint8)).save(path)


def test_a_trial_per_run_points_into_the_drawings(omniglot: Any, all_runs: Path) -> None:
    drawings, trials = omniglot.read_lake_runs(all_runs, PREPARATION)
    assert drawings.shape == (12, 16, 16, 1)
    assert [len(trial.queries) for trial in trials] == [3, 3]
    second = trials[1]
    assert drawings[second.support, 0, 0, 0].tolist() == [60, 120, 180]
    assert drawings[second.queries, 0, 0, 0].tolist() == [182, 122, 62]
    assert second.query_labels.tolist() == [2, 1, 0]


def test_an_embedding_of_the_level_answers_every_trial(omniglot: Any, all_runs: Path) -> None:
    drawings, trials = omniglot.read_lake_runs(all_runs, PREPARATION)
    angle = drawings[:, 0, 0, 0] / 255
    scores = score_trials(np.stack([np.cos(angle), np.sin(angle)], axis=1), trials)
    assert (scores.accuracy, scores.questions) == (1.0, 6)


def test_a_folder_without_runs_is_an_error(omniglot: Any, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="class_labels"):
        omniglot.read_lake_runs(tmp_path, PREPARATION)


def test_a_line_of_one_file_is_an_error(omniglot: Any, all_runs: Path) -> None:
    (all_runs / "run01" / "class_labels.txt").write_text("run01/test/item01.png\n")
    with pytest.raises(DataError, match="two files"):
        omniglot.read_lake_runs(all_runs, PREPARATION)
