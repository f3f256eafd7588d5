"""Keras' three backends on one task: what a step costs, and whether each answers for the others.

Every backend, in a process of its own, trains a Siamese network and a subclassed classifier on
scikit-learn's digits, saves them, then loads what the others saved and embeds the same pictures.
The answers must agree to 1e-5; the exit code is 1 where they do not.

    python benchmarks/backends.py [--json] [--steps 60] [--backends tensorflow,jax,torch]
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

BACKENDS = ("tensorflow", "jax", "torch")
LARGEST_DIFFERENCE = 1e-5
PICTURES = 256


def main(arguments: Sequence[str] | None = None) -> None:
    """Run every backend in its own process, and print figures and differences."""
    parser = argparse.ArgumentParser(description="Train on each backend, answer on each.")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, no table")
    parser.add_argument("--steps", type=int, default=60, help="training steps of each network")
    parser.add_argument("--backends", default=",".join(BACKENDS), help="which, by commas")
    parser.add_argument("--worker", choices=["train", "answer"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.worker == "train":
        train(options.folder, options.steps)
        return
    if options.worker == "answer":
        answer(options.folder)
        return
    backends = options.backends.split(",")
    with tempfile.TemporaryDirectory() as folder:
        for work in ("train", "answer"):
            for backend in backends:
                start(backend, work, options.steps, Path(folder))
        result = collect(Path(folder), backends)
    if options.json:
        print(json.dumps(result, indent=2))
    else:
        report(result)
    sys.exit(0 if result["agree"] else 1)


def start(backend: str, work: str, steps: int, folder: Path) -> None:
    """Do a part of the work in a process of its own, on one backend."""
    command = [sys.executable, __file__, "--worker", work, "--folder", str(folder)]
    environment = {**os.environ, "KERAS_BACKEND": backend}
    subprocess.run([*command, "--steps", str(steps)], env=environment, check=True)


def train(folder: Path, steps: int) -> None:
    """Train both networks on this process's backend and keep them, with what they took."""
    import keras

    from siam.classifiers.training import train_classifier
    from siam.datasets.digits import load_digits
    from siam.siamese.presets import PRESETS
    from siam.siamese.training import train_network

    backend = keras.backend.backend()
    dataset = load_digits()
    recipe = PRESETS["balanced"]
    batch = recipe.classes_per_batch * recipe.pictures_per_class
    recipe = dataclasses.replace(
        recipe, epochs=max(1, steps // (len(dataset.train) // batch)), precision="float32"
    )
    reports: list[float] = []  # the first before the first step, then one after each
    classified = train_classifier(
        "subclassed",
        dataset.train,
        num_classes=10,
        recipe=recipe,
        seed=0,
        progress=lambda *_: reports.append(time.perf_counter()),
    )
    classified.model.save(folder / f"{backend}-classifier.keras")
    workshop = folder / f"{backend}-training"
    workshop.mkdir()
    started = time.perf_counter()
    siamese = train_network(
        dataset.train, dataset.validation, recipe=recipe, seed=0, folder=workshop
    )
    siamese.network.save(folder / f"{backend}-siamese.keras")
    figures = {
        "first_step_seconds": reports[1] - reports[0],
        "step_seconds": float(np.diff(reports[1:]).mean()),
        "classifier_accuracy": classified.history[-1]["accuracy"],
        "siamese_seconds": time.perf_counter() - started,
    }
    (folder / f"{backend}.json").write_text(json.dumps(figures))


def answer(folder: Path) -> None:
    """Load what every backend saved, and keep this backend's answers."""
    import keras

    from siam.classifiers.deployed import keras_classifier
    from siam.datasets.digits import load_digits
    from siam.siamese.encoder import KerasEncoder

    pictures = load_digits().test.pictures[:PICTURES]
    here = keras.backend.backend()
    for saved in sorted(folder.glob("*-siamese.keras")):
        np.save(folder / f"{saved.stem}-by-{here}.npy", KerasEncoder(saved).encode(pictures))
    for saved in sorted(folder.glob("*-classifier.keras")):
        np.save(folder / f"{saved.stem}-by-{here}.npy", keras_classifier(saved)(pictures))


def collect(folder: Path, backends: Sequence[str]) -> dict[str, Any]:
    """Put times and differences together."""
    figures = {name: json.loads((folder / f"{name}.json").read_text()) for name in backends}
    differences = []
    for trained_on in backends:
        for network in ("siamese", "classifier"):
            own = np.load(folder / f"{trained_on}-{network}-by-{trained_on}.npy")
            for answered_on in backends:
                other = np.load(folder / f"{trained_on}-{network}-by-{answered_on}.npy")
                differences.append(
                    {
                        "network": network,
                        "trained_on": trained_on,
                        "answered_on": answered_on,
                        "max_difference": float(np.abs(own - other).max()),
                    }
                )
    worst = max(entry["max_difference"] for entry in differences)
    return {
        "schema": 1,
        "backends": figures,
        "differences": differences,
        "max_difference": worst,
        "agree": bool(worst <= LARGEST_DIFFERENCE),
    }


def report(result: dict[str, Any]) -> None:
    """Print the figures as a table."""
    print("backend      first step   a step   classifier accuracy   Siamese training")
    for name, figures in result["backends"].items():
        print(
            f"{name:<12}{figures['first_step_seconds']:>9.2f} s"
            f"{figures['step_seconds'] * 1e3:>7.1f} ms{figures['classifier_accuracy']:>20.2%}"
            f"{figures['siamese_seconds']:>17.1f} s"
        )
    agree = "agree" if result["agree"] else "do NOT agree"
    print(
        f"Networks trained on one backend and answering on another {agree}: largest difference "
        f"{result['max_difference']:.1e}, allowed {LARGEST_DIFFERENCE:.0e}."
    )


if __name__ == "__main__":
    main()
