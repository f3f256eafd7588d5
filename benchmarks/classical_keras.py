"""The classical Keras recipe beside siam, on the same pictures and the same pairs, in one run.

The recipe is that of the Keras example "Image similarity estimation using a Siamese Network with
a contrastive loss": explicit random pairs of 30,000 pictures (60,000 pairs), a LeNet-like tanh
tower, a sigmoid over the distance, contrastive loss with margin 1 on it, RMSprop, batch 16, 10
epochs. The example accepts a pair at the fixed output 0.5; here both sides have their threshold
from validation pairs, which suits the recipe far better.

siam trains its quickest preset, first on some of the same 30,000 pictures, then on all of them,
then for more epochs: whole trainings, each with its own schedule, until one is as accurate on
pairs of validation pictures. The test pictures are scored once, at the end.

    python benchmarks/classical_keras.py [--json] [--seed 0] [--seeds 1] [--epochs 10]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from sooner import Judge, Say, compared, run_seeds, train_siam

from siam.datasets.dataset import Split
from siam.datasets.load import load_dataset
from siam.datasets.sampling import sample_pairs
from siam.datasets.splits import split_off
from siam.evaluation.pairs import best_threshold
from siam.training.native_logs import quiet_native_logs

PICTURES = 30_000
VALIDATION_PAIRS = 10_000
JUDGED_PAIRS = 20_000
MARGIN = 1.0
BATCH = 16


def main(arguments: Sequence[str] | None = None) -> None:
    """Train both for each seed, print seconds and accuracy after each epoch, and the ratio."""
    run_seeds("The classical Keras recipe beside siam.", compare, arguments, epochs=10)


def compare(options: argparse.Namespace, say: Say) -> dict[str, Any]:
    """Train both with one seed."""
    data = load_dataset("mnist", data_dir=options.data_dir, seed=options.seed)
    _, chosen = split_off(data.train.labels, PICTURES, seed=options.seed)
    train = data.train.take(chosen)
    judge = pair_judge(data.validation, data.validation, seed=options.seed)
    with quiet_native_logs():
        import keras

    say(f"{PICTURES:,} training pictures, {JUDGED_PAIRS:,} judged pairs, Keras {keras.__version__}")
    say("recipe       pictures x epochs  seconds  pairs")
    classical, tower = train_classical(
        train, judge, epochs=options.epochs, seed=options.seed, say=say
    )
    final = classical[-1]
    siam, own = train_siam(
        train, data.validation, judge, goal=final["accuracy"], seed=options.seed, say=say
    )
    score = pair_judge(data.validation, data.test, seed=options.seed)
    test = score(tower), score(own)
    sizes = {"training_pictures": PICTURES, "judged_pairs": JUDGED_PAIRS}
    return {**sizes, "classical": classical, **compared(final, siam, test, say)}


def pair_judge(validation: Split, judged: Split, *, seed: int) -> Judge:
    """Return what scores a tower: its pair accuracy at the threshold best on validation pairs.

    Those that are judged are drawn apart from these, also where they are validation pictures.
    """
    tuning = sample_pairs(validation.labels, VALIDATION_PAIRS, seed=seed)
    scored = sample_pairs(judged.labels, JUDGED_PAIRS, seed=seed + 1)

    def distances(tower: Any, split: Split, pairs: tuple[np.ndarray, ...]) -> np.ndarray:
        embeddings = tower.predict(split.pictures.astype(np.float32), batch_size=1000, verbose=0)
        left, right, _ = pairs
        return np.asarray(np.linalg.norm(embeddings[left] - embeddings[right], axis=1))

    def judge(tower: Any) -> float:
        threshold = best_threshold(distances(tower, validation, tuning), tuning[2])
        accepted = distances(tower, judged, scored) <= threshold
        return float((accepted == scored[2]).mean())

    return judge


def train_classical(
    train: Split, judge: Judge, *, epochs: int, seed: int, say: Say
) -> tuple[list[dict[str, Any]], Any]:
    """Train by the recipe; return seconds (judging left out) and accuracy by epoch, the tower."""
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
        say(f"classical, {len(train):8,} x {epoch} {seconds:8.1f} {rows[-1]['accuracy']:10.2%}")
    return rows, tower


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


if __name__ == "__main__":
    main()
