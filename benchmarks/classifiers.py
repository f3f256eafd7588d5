"""Keras' three styles on MNIST: test accuracy and training seconds, and what a step of each costs.

The three are one network at equal weights, so their steps must cost the same. They take turns step
by step, each going first in turn, so that whatever else the machine does hits each alike; the
fastest tenth of each counts.

    python benchmarks/classifiers.py [--json] [--styles sequential,functional,subclassed,residual]
                                     [--epochs 2] [--seed 0] [--steps 100]
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from siam.datasets.dataset import Dataset
from siam.datasets.load import load_dataset
from siam.training.device import compile_steps, prepare_device
from siam.training.native_logs import quiet_native_logs

GOAL_ACCURACY = 0.992
GOAL_SECONDS = 60.0
GOAL_RATIO = 1.10
THREE = ("sequential", "functional", "subclassed")
FASTEST = 10  # per cent of the steps


def main(arguments: Sequence[str] | None = None) -> None:
    """Train each style, time its step, and print the figures beside the goals."""
    parser = argparse.ArgumentParser(description="The three styles of Keras on MNIST.")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, no table")
    parser.add_argument("--styles", default=",".join((*THREE, "residual")), help="by commas")
    parser.add_argument("--epochs", type=int, default=2, help="passes over the pictures")
    parser.add_argument("--seed", type=int, default=0, help="splits and initial weights")
    parser.add_argument("--steps", type=int, default=100, help="timed of each style")
    parser.add_argument("--data-dir", type=Path, help="folder that holds mnist/")
    options = parser.parse_args(arguments)
    prepare_device()
    data = load_dataset("mnist", data_dir=options.data_dir, seed=options.seed)
    styles = options.styles.split(",")
    with quiet_native_logs():
        trained = {
            style: train(style, data, epochs=options.epochs, seed=options.seed) for style in styles
        }
        steps = time_steps(data, options.steps)
    ratio = max(steps.values()) / min(steps.values())
    result = {
        "schema": 1,
        "seed": options.seed,
        "epochs": options.epochs,
        "styles": trained,
        "step_seconds": steps,
        "slowest_to_fastest": ratio,
        "goals_met": ratio <= GOAL_RATIO
        and all(
            one["test_accuracy"] >= GOAL_ACCURACY and one["seconds"] <= GOAL_SECONDS
            for one in trained.values()
        ),
    }
    if options.json:
        print(json.dumps(result, indent=2))
    else:
        report(result)


def train(style: str, data: Dataset, *, epochs: int, seed: int) -> dict[str, Any]:
    """Train a style by the balanced preset's recipe, shortened; score the last epoch."""
    from siam.classifiers.features import answer_function
    from siam.classifiers.training import train_classifier
    from siam.siamese.presets import PRESETS

    recipe = dataclasses.replace(PRESETS["balanced"], epochs=epochs)
    reports: list[float] = []  # the first before the first step, then one after each
    trained = train_classifier(
        style,
        data.train,
        num_classes=len(data.classes),
        recipe=recipe,
        seed=seed,
        progress=lambda *_: reports.append(time.perf_counter()),
    )
    probabilities, _ = answer_function(trained.model)(data.test.pictures)
    return {
        "test_accuracy": float((probabilities.argmax(axis=1) == data.test.labels).mean()),
        "seconds": trained.seconds,
        "first_step_seconds": reports[1] - reports[0],
        "parameters": int(trained.model.count_params()),
    }


def time_steps(data: Dataset, steps: int) -> dict[str, float]:
    """Return the seconds of one training step of each of the three styles."""
    from siam.classifiers.styles import build_classifier
    from siam.siamese.presets import PRESETS
    from siam.training.optimizers import make_optimizer
    from siam.training.precision import dtype_policy

    recipe = PRESETS["balanced"]
    batch = recipe.classes_per_batch * recipe.pictures_per_class
    pictures, labels = data.train.pictures[:batch], data.train.labels[:batch]
    models = {}
    for style in THREE:
        with dtype_policy(recipe.precision):
            models[style] = build_classifier(style, data.picture_shape, len(data.classes))
        models[style].compile(
            optimizer=make_optimizer(
                recipe.optimizer, recipe.learning_rate, weight_decay=recipe.weight_decay
            ),
            loss="sparse_categorical_crossentropy",
            jit_compile=compile_steps(),
        )
        models[style].train_on_batch(pictures, labels)
    seconds: dict[str, list[float]] = {style: [] for style in THREE}
    for turn in range(steps):
        first = turn % len(THREE)
        for style in (*THREE[first:], *THREE[:first]):
            started = time.perf_counter()
            models[style].train_on_batch(pictures, labels)
            seconds[style].append(time.perf_counter() - started)
    return {style: float(np.percentile(taken, FASTEST)) for style, taken in seconds.items()}


def report(result: dict[str, Any]) -> None:
    """Print the figures as a table."""
    print(f"MNIST, {result['epochs']} epochs, seed {result['seed']}")
    print("style        test accuracy   training   first step   parameters      a step")
    for style, figures in result["styles"].items():
        step = result["step_seconds"].get(style)
        print(
            f"{style:<12}{figures['test_accuracy']:>14.2%}{figures['seconds']:>9.1f} s"
            f"{figures['first_step_seconds']:>11.1f} s{figures['parameters']:>13,}"
            + (f"{step * 1e3:>9.1f} ms" if step else "")
        )
    print(
        f"Slowest to fastest of the three: {result['slowest_to_fastest']:.3f} "
        f"(goal {GOAL_RATIO:.2f}). All goals met: {result['goals_met']}."
    )


if __name__ == "__main__":
    main(sys.argv[1:])
