"""siam on folders of pictures as people have them, beside what a line of Python would do.

    python benchmarks/own_folders.py FOLDER-OR-ZIP ... --weights BACKBONE.keras [--preset quick]
        [--tower auto] [--rivals-only] [--json]

For each folder the same split, gallery (training and validation pictures) and test pictures for
all: siam as `siam train FOLDER` leaves it; the nearest picture by pixels, by HOG (N. Dalal,
B. Triggs, CVPR 2005) and by the backbone's features; logistic regression on those features.
Recall@1 = share of the test pictures whose nearest gallery picture is of their class (for logistic
regression: that it names right); pair EER = equal error rate of all pairs of test pictures.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np

from siam.array_types import Integers, Pictures, Vectors
from siam.datasets.dataset import Dataset, join_splits
from siam.datasets.load import load_dataset
from siam.engine.recipe_choice import choose_training
from siam.engine.train import train_run
from siam.evaluation.all_pairs import count_all_pairs
from siam.evaluation.roc import equal_error
from siam.runs.config import DataChoice
from siam.siamese.backbone import Backbone, load_backbone
from siam.siamese.backbone_features import compute_features
from siam.training.device import processor_name
from siam.unit_vectors import nearest_rows

SIDE = 64
# Of a histogram of oriented gradients: pixels of a cell's side, directions in half a turn.
CELL, DIRECTIONS = 8, 9


@dataclass(frozen=True)
class Row:
    """One contestant on one folder.

    Attributes:
        folder: the data set's name.
        contestant: who.
        recall: Recall@1, 0 to 1.
        eer: equal error rate of the test pictures' pairs, 0 to 1; None without distances.
        seconds: that training and testing took.
    """

    folder: str
    contestant: str
    recall: float
    eer: float | None
    seconds: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Let all contestants answer on every folder, and print a table."""
    parser = argparse.ArgumentParser(description="siam and simple rivals on folders of pictures.")
    parser.add_argument("folders", nargs="+", help="folders or .zip files with a folder per class")
    parser.add_argument("--weights", type=Path, help="the backbone, a .keras file")
    parser.add_argument("--preset", default="balanced")
    parser.add_argument("--tower", default="auto", help="what siam trains: auto, small, pretrained")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rivals-only", action="store_true", help="train no run of siam")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, no table")
    options = parser.parse_args(arguments)
    backbone = load_backbone(options.weights)
    machine = f"{processor_name()}, Python {platform.python_version()}"
    table = sys.stderr if options.json else sys.stdout
    print(f"{machine}; backbone {backbone.name}, preset {options.preset}", file=table)
    rows: list[Row] = []
    for folder in options.folders:
        for row in contestants(folder, backbone, options):
            eer = "     -" if row.eer is None else f"{row.eer:6.1%}"
            print(
                f"{row.folder:12} {row.contestant:32} R@1 {row.recall:6.1%}   pair EER {eer}"
                f"   {row.seconds:5.0f} s",
                file=table,
                flush=True,
            )
            rows.append(row)
    if options.json:
        listed = [asdict(row) for row in rows]
        print(json.dumps({"benchmark": "own_folders", "machine": machine, "rows": listed}))


def siam_run(folder: str, options: argparse.Namespace) -> Row:
    """Train a run as the command line does, and read its figures."""
    overrides = {} if options.tower == "auto" else {"tower": options.tower}
    choice = choose_training(
        preset=options.preset,
        overrides=overrides,
        seed=options.seed,
        weights=str(options.weights) if options.weights else None,
    )
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as runs:
        os.environ["SIAM_RUNS"] = runs
        run = train_run(
            DataChoice(dataset=folder),
            choice,
            notice=lambda line: print(f"  {line}", file=sys.stderr, flush=True),
        )
    figures = run.metrics
    return Row(
        Path(folder).stem,
        f"siam --tower {options.tower}",
        figures["retrieval"]["recall@1"],
        figures["all_pairs"]["eer"],
        time.perf_counter() - started,
    )


def contestants(folder: str, backbone: Backbone, options: argparse.Namespace) -> Iterator[Row]:
    """Answer by siam, and by pixels, HOG and features of the same pictures."""
    if not options.rivals_only:
        yield siam_run(folder, options)
    small = load_dataset(folder, seed=options.seed, size=SIDE)
    large = load_dataset(folder, seed=options.seed, size=backbone.side, prepare=small.prepare)
    described: list[tuple[str, Callable[[Pictures], Vectors], Dataset]] = [
        ("pixels, nearest", describe_pixels, small),
        ("HOG, nearest", describe_hog, small),
        ("features, nearest", partial(compute_features, backbone.model), large),
    ]
    for name, describe, dataset in described:
        started = time.perf_counter()
        pictures, labels = gallery_of(dataset)
        gallery, test = unit(describe(pictures)), unit(describe(dataset.test.pictures))
        nearest = labels[nearest_rows(test, gallery, 1)[:, 0]]
        eer, _ = equal_error(count_all_pairs(test, dataset.test.labels).roc())
        recall = float(np.mean(nearest == dataset.test.labels))
        yield Row(dataset.name, name, recall, eer, time.perf_counter() - started)
    yield regression(large, gallery, test)


def regression(dataset: Dataset, gallery: Vectors, test: Vectors) -> Row:
    """Answer by logistic regression on features."""
    from sklearn.linear_model import LogisticRegressionCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    started = time.perf_counter()
    model = make_pipeline(
        StandardScaler(), LogisticRegressionCV(Cs=[1e-3, 1e-2], cv=3, max_iter=300)
    )
    model.fit(gallery, gallery_of(dataset)[1])
    right = float(model.score(test, dataset.test.labels))
    name = "features, logistic regression"
    return Row(dataset.name, name, right, None, time.perf_counter() - started)


def gallery_of(dataset: Dataset) -> tuple[Pictures, Integers]:
    """Return what a test picture is compared with: training and validation pictures."""
    both = join_splits((dataset.train, dataset.validation))
    return both.pictures, both.labels


def describe_pixels(pictures: Pictures) -> Vectors:
    """Return grey values less each picture's mean."""
    grey = pictures.mean(axis=-1, dtype=np.float32).reshape(len(pictures), -1)
    centred: Vectors = grey - grey.mean(axis=1, keepdims=True)
    return centred


def describe_hog(pictures: Pictures) -> Vectors:
    """Return histograms of oriented gradients: cells of 8 pixels, blocks of 2 x 2, 9 directions."""
    grey = pictures.mean(axis=-1, dtype=np.float32)
    down, right = np.gradient(grey, axis=(1, 2))
    place = np.arctan2(down, right) % np.pi * (DIRECTIONS / np.pi)
    lower = np.floor(place).astype(np.int64)
    strength = np.hypot(down, right)
    cells = SIDE // CELL
    histograms = np.zeros((len(pictures), cells, cells, DIRECTIONS), np.float32)
    for direction in range(DIRECTIONS):  # each gradient counts for the two directions beside it
        share = np.where(lower % DIRECTIONS == direction, 1 - (place - lower), 0)
        share += np.where((lower + 1) % DIRECTIONS == direction, place - lower, 0)
        votes = (strength * share).reshape(len(pictures), cells, CELL, cells, CELL)
        histograms[..., direction] = votes.sum(axis=(2, 4))
    blocks = np.concatenate(
        [
            histograms[:, down : cells - 1 + down, right : cells - 1 + right]
            for down in (0, 1)
            for right in (0, 1)
        ],
        axis=-1,
    )
    blocks /= np.linalg.norm(blocks, axis=-1, keepdims=True) + 1
    described: Vectors = blocks.reshape(len(pictures), -1)
    return described


def unit(rows: Vectors) -> Vectors:
    """Scale rows to unit length; a row of zeros becomes one of equal numbers."""
    rows = rows + np.float32(1e-6)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


if __name__ == "__main__":
    main()
