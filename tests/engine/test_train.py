"""A run: written whole or not at all, resumable to the bit, reproducible."""

from __future__ import annotations

import csv
import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from siam.engine.open_run import open_run
from siam.engine.train import train_run
from siam.errors import RunError, SiamError
from siam.runs.config import DataChoice, TrainChoice
from siam.runs.lifecycle import hold_run
from siam.runs.manifest import read_manifest, verify_files
from siam.runs.runs_folder import find_run

DIGITS = DataChoice(dataset="digits")
SHORT = TrainChoice(preset="quick", overrides={"epochs": "3"})


def interrupt_at(share: float) -> Callable[[str, int, int], None]:
    """Return a progress that presses Ctrl-C when a share of the training is done."""

    def progress(what: str, done: int, total: int) -> None:
        if what == "Training" and done == int(total * share):
            raise KeyboardInterrupt

    return progress


def weights(run: Path) -> list[np.ndarray]:
    """Return the weights of a run's network."""
    from siam.siamese.network import load_network

    return list(load_network(run / "model.keras").get_weights())


def test_a_run_holds_what_the_design_says(trained: Path) -> None:
    names = {path.name for path in trained.iterdir()}
    assert names >= {
        "config.toml",
        "model.keras",
        "encoder.tflite",
        "calibration.json",
        "metrics.json",
        "history.csv",
        "logs",
        "index",
        "report.html",
        "manifest.json",
    }
    assert not {"checkpoint.npz", ".lock"} & names
    assert [path.name for path in trained.parent.iterdir()] == [trained.name]


def test_the_manifest_covers_what_training_wrote(trained: Path) -> None:
    manifest = read_manifest(trained)
    assert manifest.files.keys() >= {
        "config.toml",
        "model.keras",
        "encoder.tflite",
        "calibration.json",
        "metrics.json",
        "history.csv",
        "held_out.npz",
    }
    assert not [name for name in manifest.files if name.startswith(("index/", "logs/"))]
    assert {"siam", "python", "keras", "numpy"} <= manifest.versions.keys()
    verify_files(trained, manifest.files)


def test_the_index_holds_training_and_validation_pictures(trained: Path) -> None:
    with open_run(str(trained)) as run:
        assert len(run.gallery) == len(run.gallery.select("split=train or split=validation"))
        splits = {run.gallery.items([i])[0].split for i in run.gallery.select()[::200]}
        assert splits <= {"train", "validation"}
        config = tomllib.loads((trained / "config.toml").read_text())
        assert config["dataset"]["classes"] == [str(digit) for digit in range(10)]


def test_history_and_metrics(trained: Path) -> None:
    with (trained / "history.csv").open() as source:
        rows = list(csv.DictReader(source))
    assert [int(row["epoch"]) for row in rows] == list(range(1, 13))
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])
    metrics = json.loads((trained / "metrics.json").read_text())
    assert metrics["pairs"]["accuracy"] > 0.9
    assert metrics["retrieval"]["recall@1"] > 0.9
    low, high = metrics["pairs"]["accuracy_ci95"]
    assert low <= metrics["pairs"]["accuracy"] <= high
    assert metrics["export"]["max_difference"] < 1e-3


@pytest.mark.parametrize("pairs", ["batch", "sampled"])
def test_an_interrupted_run_ends_as_an_uninterrupted_one(runs: Path, pairs: str) -> None:
    # Cut in the fourth epoch, which draws from the ranking made before the third.
    overrides = {"epochs": "4", "hard_example_share": "0.4"}
    choice = TrainChoice(preset="quick", overrides=overrides, pairs=pairs, seed=4)
    whole = train_run(DIGITS, choice, name="whole")
    with pytest.raises(KeyboardInterrupt):
        train_run(DIGITS, choice, name="cut", progress=interrupt_at(0.9))
    assert (runs / "cut.partial").is_dir() and not (runs / "cut").exists()
    with pytest.raises(RunError, match="was interrupted before it was whole"):
        find_run("cut")
    cut = train_run(DIGITS, TrainChoice(), name="cut", resume=True)
    for one, other in zip(weights(whole.path), weights(cut.path), strict=True):
        np.testing.assert_array_equal(one, other)
    assert (whole.path / "history.csv").read_text() == (cut.path / "history.csv").read_text()
    for key in ("pairs", "retrieval", "classes"):
        assert whole.metrics[key] == cut.metrics[key]


def test_a_run_cut_after_training_goes_on_where_it_was(runs: Path) -> None:
    def cut_when_indexing(what: str, done: int, total: int) -> None:
        if what == "Indexing":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_run(DIGITS, SHORT, name="cut", progress=cut_when_indexing)
    steps: list[str] = []
    run = train_run(
        DIGITS,
        SHORT,
        resume=True,
        progress=lambda what, done, total: steps.append(what),
    )
    assert "Training" not in steps
    assert run.metrics["test_pictures"] > 0


def test_a_run_being_trained_is_left_alone(runs: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train_run(DIGITS, SHORT, name="busy", progress=interrupt_at(0.5))
    with hold_run(runs / "busy.partial"), pytest.raises(RunError, match="being trained right now"):
        train_run(DIGITS, SHORT, name="busy", resume=True)


def test_a_damaged_checkpoint_is_refused(runs: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train_run(DIGITS, SHORT, name="cut", progress=interrupt_at(0.7))
    checkpoint = runs / "cut.partial" / "checkpoint.npz"
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    with pytest.raises(RunError, match="cannot be used to go on"):
        train_run(DIGITS, SHORT, name="cut", resume=True)


@pytest.mark.parametrize(
    ("now", "old", "error"),
    [
        ("weight_decay =", "average = 0.9\nweight_decay =", "'cut' was begun with average=0.9"),
        ('tower = "small"', 'tower = "resnet"', "tower cannot be 'resnet'"),
    ],
)
def test_a_run_of_what_siam_no_longer_has_is_not_gone_on_with(
    runs: Path, now: str, old: str, error: str
) -> None:
    def stop(line: str) -> None:
        if line.startswith("Training on"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_run(DIGITS, SHORT, name="cut", notice=stop)
    config = runs / "cut.partial" / "config.toml"
    text = config.read_text()
    assert text.count(now) == 1
    config.write_text(text.replace(now, old))
    with pytest.raises(SiamError, match=error):
        train_run(DIGITS, SHORT, name="cut", resume=True)


def test_an_interrupted_name_is_not_begun_again(runs: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train_run(DIGITS, SHORT, name="cut", progress=interrupt_at(0.5))
    with pytest.raises(RunError, match="--resume --name cut"):
        train_run(DIGITS, SHORT, name="cut")


def test_an_export_that_answers_otherwise_falls_back_to_keras(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from siam.siamese import export

    monkeypatch.setattr(export, "LARGEST_DIFFERENCE", -1.0)
    told: list[str] = []
    run = train_run(DIGITS, SHORT, notice=told.append)
    assert any("does not answer as Keras does" in line for line in told)
    assert not (run.path / "encoder.tflite").exists()
    with open_run(str(run.path)) as opened:
        assert type(opened.encoder).__name__ == "KerasEncoder"
        assert opened.encoder.encode(np.zeros((2, 28, 28), np.uint8)).shape == (2, 64)


def test_the_same_seed_gives_the_same_run(runs: Path) -> None:
    first, second = (train_run(DIGITS, SHORT) for _ in range(2))
    assert (first.path.name, second.path.name) == ("digits-1", "digits-2")
    for one, other in zip(weights(first.path), weights(second.path), strict=True):
        np.testing.assert_array_equal(one, other)
