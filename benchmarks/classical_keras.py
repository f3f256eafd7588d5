"""The classical Keras recipe beside siam, on the same pictures and the same test pairs, in one run.

The recipe is that of the Keras example "Image similarity estimation using a Siamese Network with
a contrastive loss": explicit random pairs of 30,000 pictures (60,000 pairs), a LeNet-like tanh
tower, a sigmoid over the distance, contrastive loss with margin 1 on it, RMSprop, batch 16, 10
epochs. The example accepts a pair at the fixed output 0.5; here both sides have their threshold
from validation pairs, which suits the recipe far better.

siam trains its quickest preset on the same 30,000 pictures, whole trainings of 1, 2, 3 ... epochs
each with its own schedule, until one is as accurate.

    python benchmarks/classical_keras.py [--json] [--seed 0] [--epochs 10]
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from siam.datasets.dataset import Split
from siam.datasets.load import load_dataset
from siam.datasets.sampling import sample_pairs
from siam.datasets.splits import split_off
from siam.evaluation.pairs import best_threshold
from siam.siamese.native_logs import quiet_native_logs

PICTURES = 30_000
VALIDATION_PAIRS = 10_000
TEST_PAIRS = 20_000
MARGIN = 1.0
BATCH = 16
PRESET = "quick"
MOST_EPOCHS = 8

Judge = Callable[[Any], float]


def main(arguments: Sequence[str] | None = None) -> None:
    """Train both, print seconds and accuracy after each epoch, and the ratio."""
    parser = argparse.ArgumentParser(description="The classical Keras recipe beside siam.")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, no table")
    parser.add_argument("--seed", type=int, default=0, help="splits, pairs and initial weights")
    parser.add_argument("--epochs", type=int, default=10, help="of the classical recipe")
    parser.add_argument("--data-dir", type=Path, help="folder that holds mnist/")
    options = parser.parse_args(arguments)
    if options.epochs < 1:
        parser.error(f"--epochs must be 1 or more, received {options.epochs}")

    data = load_dataset("mnist", data_dir=options.data_dir, seed=options.seed)
    _, chosen = split_off(data.train.labels, PICTURES, seed=options.seed)
    train = data.train.take(chosen)
    judge = pair_judge(data.validation, data.test, seed=options.seed)
    with quiet_native_logs():
        import keras

    def say(line: str) -> None:
        print(line, file=sys.stderr if options.json else sys.stdout, flush=True)

    say(f"{PICTURES:,} training pictures, {TEST_PAIRS:,} test pairs, Keras {keras.__version__}")
    say("recipe     epoch  seconds  pair accuracy")
    classical = train_classical(train, judge, epochs=options.epochs, seed=options.seed, say=say)
    final = classical[-1]
    siam = train_siam(
        train, data.validation, judge, goal=final["accuracy"], seed=options.seed, say=say
    )
    reached = siam[-1]["accuracy"] >= final["accuracy"]
    ratio = final["seconds"] / siam[-1]["seconds"]
    say(
        f"siam reaches {final['accuracy']:.2%} {ratio:.1f} times sooner."
        if reached
        else f"siam does NOT reach {final['accuracy']:.2%} in {MOST_EPOCHS} epochs."
    )
    if options.json:
        result = {
            "schema": 1,
            "seed": options.seed,
            "training_pictures": PICTURES,
            "test_pairs": TEST_PAIRS,
            "classical": classical,
            "siam": siam,
            "reached": reached,
            "times_sooner": ratio if reached else None,
        }
        print(json.dumps(result, indent=2))


def pair_judge(validation: Split, test: Split, *, seed: int) -> Judge:
    """Return what scores a tower: pair accuracy on test, at the threshold best on validation."""
    tuning = sample_pairs(validation.labels, VALIDATION_PAIRS, seed=seed)
    scored = sample_pairs(test.labels, TEST_PAIRS, seed=seed)

    def distances(tower: Any, split: Split, pairs: tuple[np.ndarray, ...]) -> np.ndarray:
        embeddings = tower.predict(split.pictures.astype(np.float32), batch_size=1000, verbose=0)
        left, right, _ = pairs
        return np.asarray(np.linalg.norm(embeddings[left] - embeddings[right], axis=1))

    def judge(tower: Any) -> float:
        threshold = best_threshold(distances(tower, validation, tuning), tuning[2])
        accepted = distances(tower, test, scored) <= threshold
        return float((accepted == scored[2]).mean())

    return judge


def train_classical(
    train: Split, judge: Judge, *, epochs: int, seed: int, say: Callable[[str], None]
) -> list[dict[str, Any]]:
    """Train by the recipe; return seconds (judging left out) and accuracy after each epoch."""
    import keras
    from keras import layers, ops

    from siam.siamese.network import siamese_network

    def contrastive(same: Any, likeness: Any) -> Any:
        together = ops.square(ops.maximum(MARGIN - likeness, 0))
        return ops.mean(same * together + (1 - same) * ops.square(likeness))

    left, right, same = classical_pairs(train.labels, np.random.default_rng(seed))
    pictures = train.pictures.astype(np.float32)
    inputs, target = [pictures[left], pictures[right]], same[:, np.newaxis]
    keras.utils.set_random_seed(seed)
    tower = classical_tower(train.pictures.shape[1:])
    distance = siamese_network(tower)
    normal = layers.BatchNormalization()(distance.output)
    network = keras.Model(distance.inputs, layers.Dense(1, activation="sigmoid")(normal))
    network.compile(optimizer="rmsprop", loss=contrastive)
    rows, seconds = [], 0.0
    for epoch in range(1, epochs + 1):
        started = time.perf_counter()
        network.fit(inputs, target, batch_size=BATCH, epochs=1, verbose=0)
        seconds += time.perf_counter() - started
        rows.append({"epoch": epoch, "seconds": seconds, "accuracy": judge(tower)})
        say(f"classical {epoch:6} {seconds:8.1f} {rows[-1]['accuracy']:14.2%}")
    return rows


def classical_tower(shape: tuple[int, ...]) -> Any:
    """Build the recipe's LeNet-like tower: 10 numbers, each -1 to 1, not of unit length."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input(shape),
            layers.BatchNormalization(),
            layers.Conv2D(4, 5, activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Conv2D(16, 5, activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.BatchNormalization(),
            layers.Dense(10, activation="tanh"),
        ],
        name="tower",
    )


def classical_pairs(
    labels: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pair every picture twice: with one of its class, and with one of another class.

    Returns:
        (left, right, same): positions and 1 = same, 0 = different, each of shape (2 n,).
    """
    classes = int(labels.max()) + 1
    members = [np.flatnonzero(labels == label) for label in range(classes)]
    other = (labels + rng.integers(1, classes, len(labels))) % classes
    right = np.empty((len(labels), 2), dtype=np.int64)
    for label, own in enumerate(members):
        for column, wanted in enumerate((labels, other)):
            here = np.flatnonzero(wanted == label)
            right[here, column] = rng.choice(own, len(here))
    left = np.repeat(np.arange(len(labels)), 2)
    return left, right.ravel(), np.tile(np.array([1, 0], dtype=np.float32), len(labels))


def train_siam(
    train: Split,
    validation: Split,
    judge: Judge,
    *,
    goal: float,
    seed: int,
    say: Callable[[str], None],
) -> list[dict[str, Any]]:
    """Train siam for more and more epochs until `goal` is reached; return each training's row.

    The seconds are those of that training alone, compiling included.
    """
    from siam.siamese.network import tower_of
    from siam.siamese.presets import PRESETS
    from siam.siamese.training import train_network

    rows: list[dict[str, Any]] = []
    while len(rows) < MOST_EPOCHS and (not rows or rows[-1]["accuracy"] < goal):
        epochs = len(rows) + 1
        recipe = dataclasses.replace(PRESETS[PRESET], epochs=epochs)
        with tempfile.TemporaryDirectory() as folder:
            trained = train_network(
                train, validation, recipe=recipe, seed=seed, folder=Path(folder)
            )
        accuracy = judge(tower_of(trained.network))
        rows.append({"epochs": epochs, "seconds": trained.seconds, "accuracy": accuracy})
        say(f"siam {PRESET} {epochs:5} {trained.seconds:8.1f} {accuracy:14.2%}")
    return rows


if __name__ == "__main__":
    main()
