"""A run trained on one backend answers on every other, by the real command line."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from siam.datasets.digits import load_digits
from siam.runs.runs_folder import find_run
from siam.siamese.encoder import LiteEncoder

# TensorFlow is always there; the developers' packages bring JAX (scripts/test-backends: PyTorch).
OTHERS = [name for name in ("jax", "torch") if importlib.util.find_spec(name)]
EMBED = """
import sys, numpy
from pathlib import Path
from siam.siamese.encoder import KerasEncoder
numpy.save(sys.argv[3], KerasEncoder(Path(sys.argv[1])).encode(numpy.load(sys.argv[2])))
"""

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


def python(backend: str, program: str, *arguments: str) -> str:
    """Run a program in a process of its own, on one backend."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def siam(backend: str, *arguments: str) -> str:
    return python(backend, "from siam.cli import main; main()", *arguments)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_run_trained_elsewhere_answers_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIAM_RUNS", str(tmp_path / "runs"))
    pictures = load_digits().test.pictures[:64]
    np.save(tmp_path / "pictures.npy", pictures)
    assert OTHERS, "pip install --group dev brings JAX"
    for trained_on in OTHERS:
        siam("tensorflow", "train", "digits", "--preset", "quick", "--backend", trained_on)
        run = find_run()
        exported = LiteEncoder(run / "encoder.tflite").encode(pictures)
        told: dict[str, Any] = {}
        for backend in ("tensorflow", *OTHERS):
            embedded = tmp_path / f"{backend}.npy"
            files = (run / "model.keras", tmp_path / "pictures.npy", embedded)
            python(backend, EMBED, *map(str, files))
            np.testing.assert_allclose(np.load(embedded), exported, atol=1e-5)
            told[backend] = json.loads(siam(backend, "evaluate", "--json"))
            assert told[backend] == told["tensorflow"]
        assert told["tensorflow"]["retrieval"]["recall@1"] > 0.8


@pytest.mark.slow
def test_a_run_is_trained_and_answers_without_tensorflow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIAM_RUNS", str(tmp_path / "runs"))
    picture = str(tmp_path / "digit.png")
    Image.fromarray(load_digits().test.pictures[0, :, :, 0]).save(picture)
    train = ["train", "digits", "--preset", "quick", "--epochs", "2", "--json"]
    metrics = json.loads(python("jax", WITHOUT_TENSORFLOW, *train))
    assert metrics["export"] is None
    answers = json.loads(python("jax", WITHOUT_TENSORFLOW, "query", picture, "--each", "--json"))
    assert answers["results"][0]["neighbours"]
