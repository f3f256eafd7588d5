"""Classes never trained on: a run beside untrained features, HOG and pixels of the same pictures.

    python benchmarks/unseen_classes.py --run NAME-OR-PATH [--weights BACKBONE.keras] [--json]

The run was trained with `--holdout-classes`. Half of the pictures of those classes join the gallery
of training pictures, the others are asked about: Recall@1. Pair accuracy at the distance that told
validation pairs of trained classes apart best, pair EER and 5-way one-shot (of fewer ways where
fewer classes were held out) are those of all the pictures of the held-out classes.
Bar: as good as the best of the others in each, and half its EER.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from own_folders import SIDE, describe_hog, describe_pixels, unit

from siam.array_types import Pictures, Vectors
from siam.datasets.dataset import Dataset, Split
from siam.datasets.load import load_dataset
from siam.datasets.sampling import sample_pairs
from siam.engine.novel_classes import compare_unseen
from siam.engine.open_run import open_run
from siam.evaluation.distances import Embedded, pair_distances
from siam.evaluation.episodes import draw_trials, score_trials
from siam.evaluation.pairs import best_threshold
from siam.runs.config import RunConfig
from siam.training.device import processor_name

PAIRS = 20_000
MOST_WAYS = 5


def main(arguments: Sequence[str] | None = None) -> None:
    """Let the run and its rivals answer, and print a table."""
    parser = argparse.ArgumentParser(description="Classes that were held out of training.")
    parser.add_argument("--run", help="a run's name or path; the newest when left out")
    parser.add_argument("--weights", type=Path, help="a backbone, for untrained features")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, no table")
    options = parser.parse_args(arguments)
    machine = f"{processor_name()}, Python {platform.python_version()}"
    table = sys.stderr if options.json else sys.stdout
    print(machine, file=table)
    rows = []
    for name, describe, dataset in contestants(options.run, options.weights):
        row = {"contestant": name, **judged(describe, dataset)}
        rows.append(row)
        print(
            f"{dataset.name:12} {name:20} R@1 {row['recall@1']:6.1%}   pairs "
            f"{row['pair_accuracy']:6.1%}   EER {row['eer']:6.1%}   "
            f"{row['ways']}-way {row['one_shot']:6.1%}",
            file=table,
            flush=True,
        )
    if options.json:
        print(json.dumps({"benchmark": "unseen_classes", "machine": machine, "rows": rows}))


def contestants(
    run: str | None, weights: Path | None
) -> Iterator[tuple[str, Callable[[Pictures], Vectors], Dataset]]:
    """Yield name, what gives vectors, and the pictures in its size: the run first."""
    with open_run(run) as opened:
        config = opened.config
        yield "siam", opened.encoder.encode, read(config, config.preparation.size[0])
    small = read(config, SIDE)
    yield "pixels", describe_pixels, small
    yield "HOG", describe_hog, small
    if weights is not None:
        from siam.siamese.backbone import load_backbone
        from siam.siamese.backbone_features import compute_features

        backbone = load_backbone(weights)
        yield "features", partial(compute_features, backbone.model), read(config, backbone.side)


def read(config: RunConfig, side: int) -> Dataset:
    """Read a run's data set in another size, the same classes held out."""
    data = config.data
    return load_dataset(
        data.dataset,
        data_dir=Path(data.data_dir) if data.data_dir else None,
        seed=config.train.seed,
        size=side,
        classes_from=data.classes_from,
        holdout_classes=data.holdout_classes,
        prepare=config.preparation.chain,
    )


def judged(describe: Callable[[Pictures], Vectors], dataset: Dataset) -> dict[str, Any]:
    """Score the held-out classes by the vectors of one contestant."""

    def embedded(split: Split) -> Embedded:
        return Embedded(unit(np.asarray(describe(split.pictures), np.float32)), split.labels)

    if dataset.unseen is None:
        raise SystemExit("The run was trained without --holdout-classes.")
    validation, unseen = embedded(dataset.validation), embedded(dataset.unseen)
    left, right, same = sample_pairs(validation.labels, PAIRS, seed=0)
    threshold = best_threshold(pair_distances(validation.embeddings, left, right), same)
    scores = compare_unseen(
        embedded(dataset.test), unseen, embedded(dataset.train), threshold=threshold
    )["unseen"]
    ways = min(MOST_WAYS, len(dataset.unseen_classes))
    if ways < 2:
        raise SystemExit("A single class was held out: nothing can be told apart from it.")
    trials = draw_trials(unseen.labels, ways=ways, shots=1, trials=1_000, seed=0)
    one_shot = score_trials(unseen.embeddings, trials, seed=0).accuracy
    return {name: scores[name] for name in ("recall@1", "pair_accuracy", "eer")} | {
        "ways": ways,
        "one_shot": one_shot,
    }


if __name__ == "__main__":
    main()
