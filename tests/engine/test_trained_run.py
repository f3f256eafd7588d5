"""What a trained run holds: its files, manifest, index, history and figures."""

from __future__ import annotations

import csv
import json
import tomllib
from pathlib import Path

from siam.engine.open_run import open_run
from siam.runs.config import load_config
from siam.runs.manifest import read_manifest, verify_files
from siam.training.device import compile_steps, detect_device


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


def test_a_run_knows_its_precision_and_what_a_step_took(trained: Path) -> None:
    config = load_config(trained)
    assert config.recipe.precision in {"float32", "mixed_bfloat16"}
    if not compile_steps():
        assert config.precision and config.precision.device == detect_device().name
        assert 0 < config.precision.seconds[config.recipe.precision] < 60


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
    epochs = tomllib.loads((trained / "config.toml").read_text())["recipe"]["epochs"]
    assert [int(row["epoch"]) for row in rows] == list(range(1, epochs + 1))
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])
    metrics = json.loads((trained / "metrics.json").read_text())
    assert metrics["pairs"]["accuracy"] > 0.9
    assert metrics["retrieval"]["recall@1"] > 0.9
    low, high = metrics["pairs"]["accuracy_ci95"]
    assert low <= metrics["pairs"]["accuracy"] <= high
    assert metrics["export"]["max_difference"] < 1e-3
