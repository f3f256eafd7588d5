"""Train a recipe and judge it: what the `training_*.py` scripts share."""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from siam.datasets.dataset import Dataset, Split
from siam.datasets.load import load_dataset
from siam.datasets.sampling import sample_pairs
from siam.evaluation.distances import pair_distances
from siam.evaluation.pairs import best_threshold
from siam.evaluation.roc import equal_error, roc_of_pairs
from siam.recipe import Recipe
from siam.training.native_logs import quiet_native_logs
from siam.unit_vectors import exact_neighbours

PAIRS = 20_000


@dataclasses.dataclass(frozen=True)
class Trial:
    """One row of a table: a recipe under a name, and the share of training labels made wrong."""

    name: str
    recipe: Recipe
    wrong_labels: float = 0.0


@dataclasses.dataclass(frozen=True)
class Measured:
    """A trained recipe's figures; rates are 0 to 1."""

    seconds: float
    recall: float
    pair_accuracy: float
    eer: float


def options(description: str, *, seeds: int, epochs: int) -> argparse.Namespace:
    """Read the options that every training benchmark takes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, no table")
    parser.add_argument("--seeds", type=int, default=seeds, help="seeds 0, 1, ... to train with")
    parser.add_argument("--epochs", type=int, default=epochs, help="0 = as the preset says")
    parser.add_argument("--only", default="", help="rows whose name holds one of these, by commas")
    parser.add_argument("--pictures", type=int, help="train on so many only: errors show sooner")
    parser.add_argument("--test", action="store_true", help="judge by test, not by validation")
    parser.add_argument("--data-dir", type=Path, help="folder that holds mnist/")
    return parser.parse_args()


def run_table(trials: Iterable[Trial], chosen: argparse.Namespace) -> None:
    """Train every trial with every seed; print mean and deviation of each figure."""
    out = sys.stderr if chosen.json else sys.stdout
    head = "seconds          R@1 %           pair accuracy %  EER %"
    print(f"{'':54}{head}", file=out, flush=True)
    rows = []
    for trial in trials:
        if not wanted(trial.name, chosen):
            continue
        found = list(over_seeds(trial, chosen))
        print(f"{trial.name:54}" + _line(found), file=out, flush=True)
        rows.append({"name": trial.name, "seeds": [dataclasses.asdict(one) for one in found]})
    if chosen.json:
        print(json.dumps({"schema": 1, "judged_by": _judged_by(chosen), "rows": rows}, indent=2))


def wanted(name: str, chosen: argparse.Namespace) -> bool:
    """Say whether `--only` asks for a row of that name."""
    return any(text in name for text in chosen.only.split(","))


def over_seeds(trial: Trial, chosen: argparse.Namespace) -> Iterator[Measured]:
    """Train a trial with each seed, as the options say."""
    if chosen.epochs:
        recipe = dataclasses.replace(trial.recipe, epochs=chosen.epochs)
        trial = dataclasses.replace(trial, recipe=recipe)
    for seed in range(chosen.seeds):
        data = load_dataset("mnist", data_dir=chosen.data_dir, seed=seed)
        if chosen.pictures:
            some = np.random.default_rng(seed).permutation(len(data.train))[: chosen.pictures]
            data = dataclasses.replace(data, train=data.train.take(some))
        found = measure(trial, data, seed=seed, test=chosen.test)
        # Said at once: a table of long trainings that is cut short has not been for nothing.
        print(f"  seed {seed}: {_line([found])}", file=sys.stderr, flush=True)
        yield found


def _judged_by(chosen: argparse.Namespace) -> str:
    return "test" if chosen.test else "validation"


def _line(found: list[Measured]) -> str:
    def cell(name: str, factor: float, width: int, digits: int) -> str:
        values = [factor * getattr(one, name) for one in found]
        spread = statistics.stdev(values) if len(values) > 1 else 0.0
        return f"{statistics.mean(values):.{digits}f} ± {spread:.{digits}f}".ljust(width)

    return (
        cell("seconds", 1, 17, 1)
        + cell("recall", 100, 16, 2)
        + cell("pair_accuracy", 100, 17, 2)
        + cell("eer", 100, 14, 2)
    )


def measure(trial: Trial, data: Dataset, *, seed: int, test: bool) -> Measured:
    """Train by a recipe and judge the last epoch.

    Args:
        trial: what to train.
        data: its train split is learned from.
        seed: of the training, of the pairs, and of the wrong labels.
        test: judge by the test split (gallery: train and validation; threshold from validation
            pairs); else by validation (gallery: train; threshold from training pairs).
    """
    with quiet_native_logs():
        from siam.siamese.network import tower_of
        from siam.siamese.training import train_network
    train = spoiled(data.train, len(data.classes), trial.wrong_labels, seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        trained = train_network(
            train, data.validation, recipe=trial.recipe, seed=seed, folder=Path(folder)
        )
    tower = tower_of(trained.network)
    learned, held, unseen = (
        embed(tower, split) for split in (data.train, data.validation, data.test)
    )
    labels = (data.train.labels, data.validation.labels, data.test.labels)
    if test:
        gallery, gallery_labels = np.concatenate([learned, held]), np.concatenate(labels[:2])
        return judge(
            trained.seconds, gallery, gallery_labels, unseen, labels[2], (held, labels[1]), seed
        )
    return judge(trained.seconds, learned, labels[0], held, labels[1], (learned, labels[0]), seed)


def judge(
    seconds: float,
    gallery: np.ndarray,
    gallery_labels: np.ndarray,
    queries: np.ndarray,
    query_labels: np.ndarray,
    tuning: tuple[np.ndarray, np.ndarray],
    seed: int,
) -> Measured:
    """Score queries against a gallery, and pairs of queries at a threshold from other pairs."""
    found = gallery_labels[exact_neighbours(queries, gallery, 1).positions[:, 0]]
    left, right, same = sample_pairs(tuning[1], PAIRS, seed=seed)
    threshold = best_threshold(pair_distances(tuning[0], left, right), same)
    left, right, same = sample_pairs(query_labels, PAIRS, seed=seed)
    distances = pair_distances(queries, left, right)
    return Measured(
        seconds=seconds,
        recall=float((found == query_labels).mean()),
        pair_accuracy=float(((distances <= threshold) == same).mean()),
        eer=equal_error(roc_of_pairs(distances, same))[0],
    )


def embed(tower: Any, split: Split) -> np.ndarray:
    """Embeddings of a split, float32 (n, dim)."""
    embeddings: np.ndarray = tower.predict(split.pictures, batch_size=500, verbose=0)
    return embeddings


def spoiled(split: Split, classes: int, share: float, *, seed: int) -> Split:
    """Give a share of the pictures another label than their own."""
    rng = np.random.default_rng([seed, 1])
    wrong = rng.random(len(split)) < share
    other = (split.labels + rng.integers(1, classes, len(split))) % classes
    return dataclasses.replace(split, labels=np.where(wrong, other, split.labels))
