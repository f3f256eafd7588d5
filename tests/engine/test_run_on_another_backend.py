"""What was trained on one backend answers on another; a run comes about without TensorFlow."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from siam.classifiers.deployed import keras_classifier
from siam.classifiers.training import train_classifier
from siam.datasets.digits import load_digits
from siam.engine.evaluate import evaluate_run
from siam.recipe import Recipe
from siam.runs.runs_folder import find_run
from siam.siamese.encoder import KerasEncoder, LiteEncoder

# TensorFlow is always there; the developers' packages bring JAX (scripts/test-backends: PyTorch).
OTHERS = [name for name in ("jax", "torch") if importlib.util.find_spec(name)]
# Not by a None in `sys.modules`, which Keras takes for a TensorFlow that was imported.
WITHOUT_TENSORFLOW = """
import sys
from importlib.machinery import PathFinder

class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name == "tensorflow" else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Without
from siam.cli import main
main()
"""

# What is compiled soonest; by Muon and in other precisions, resumed, tests/training trains.
TRAIN = ["train", "digits", "--preset", "quick", "--epochs", "2", "--set", "optimizer=adamw"]
TRAIN += ["--set", "precision=float32"]


def python(backend: str, program: str, *arguments: str) -> str:
    """Run a program in a process of its own, on one backend."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "KERAS_BACKEND": backend, "JAX_DISABLE_MOST_OPTIMIZATIONS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def siam(backend: str, *arguments: str) -> str:
    return python(backend, "from siam.cli import main; main()", *arguments)


def train_and_answer(folder: Path) -> None:
    """Train a classifier on this process's backend, and answer by all that a folder holds."""
    import keras

    backend, digits = keras.backend.backend(), load_digits()
    recipe = Recipe(epochs=1, optimizer="adamw", precision="float32")
    few = digits.train.take(np.arange(160))
    trained = train_classifier("subclassed", few, num_classes=10, recipe=recipe, seed=0)
    trained.model.save(folder / f"classifier of {backend}.keras")
    answer_by_all(folder)


def answer_by_all(folder: Path) -> None:
    """Answer on this process's backend by the networks of every other."""
    import keras

    pictures = load_digits().test.pictures[:64]
    for path in sorted(folder.glob("*.keras")):
        classifier = path.name.startswith("classifier")
        answer = keras_classifier(path) if classifier else KerasEncoder(path).encode
        np.save(folder / f"{path.stem} by {keras.backend.backend()}.npy", answer(pictures))


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_what_one_backend_trained_answers_on_another(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TensorFlow's on every other, and theirs here: classifiers, and the towers of whole runs."""
    monkeypatch.setenv("SIAM_RUNS", str(tmp_path / "runs"))
    networks = tmp_path / "networks"
    networks.mkdir()
    shutil.copy(trained / "model.keras", networks / "tower of tensorflow.keras")
    train_and_answer(networks)
    assert OTHERS, "pip install --group dev brings JAX"
    for backend in OTHERS:
        siam("tensorflow", *TRAIN, "--backend", backend)
        run = find_run()
        assert evaluate_run(str(run))["retrieval"]["recall@1"] > 0.8
        shutil.copy(run / "model.keras", networks / f"tower of {backend}.keras")
        exported = LiteEncoder(run / "encoder.tflite").encode(load_digits().test.pictures[:64])
        np.save(networks / f"tower of {backend} by its export.npy", exported)
        python(backend, Path(__file__).read_text("utf-8"), str(networks))
    answer_by_all(networks)
    for of in ("tensorflow", *OTHERS):
        for network in ("tower", "classifier"):
            answers = [np.load(path) for path in networks.glob(f"{network} of {of} by *.npy")]
            assert len(answers) >= 2
            for answer in answers[1:]:
                np.testing.assert_allclose(answer, answers[0], atol=1e-5)


@pytest.mark.slow
def test_a_run_is_trained_and_answers_without_tensorflow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIAM_RUNS", str(tmp_path / "runs"))
    picture = str(tmp_path / "digit.png")
    Image.fromarray(load_digits().test.pictures[0, :, :, 0]).save(picture)
    metrics = json.loads(python("jax", WITHOUT_TENSORFLOW, *TRAIN, "--json"))
    assert metrics["export"] is None
    answers = json.loads(python("jax", WITHOUT_TENSORFLOW, "query", picture, "--each", "--json"))
    assert answers["results"][0]["neighbours"]


if __name__ == "__main__":
    train_and_answer(Path(sys.argv[1]))
