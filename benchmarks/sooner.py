"""How soon siam is as good as another recipe: what the side-by-side trainings share."""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from siam.datasets.dataset import Split
from siam.datasets.splits import split_off

PRESET = "quick"
SOME = (2_500, 5_000, 7_500, 10_000, 12_500, 15_000, 20_000)
MOST_EPOCHS = 8

Judge = Callable[[Any], float]
Say = Callable[[str], None]


def run_seeds(
    description: str,
    compare: Callable[[argparse.Namespace, Say], dict[str, Any]],
    arguments: Sequence[str] | None,
    *,
    epochs: int,
) -> None:
    """Train side by side with each seed; print each training, and the ratios' median.

    Args:
        description: what `--help` begins with.
        compare: trains both with `seed` of the options; returns what `--json` is to hold.
        arguments: the command line; None = the process's own.
        epochs: of the other recipe, unless the options say otherwise.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, no table")
    parser.add_argument("--seed", type=int, default=0, help="splits, pairs and initial weights")
    parser.add_argument("--seeds", type=int, default=1, help="seeds from --seed on, one by one")
    parser.add_argument("--epochs", type=int, default=epochs, help="of the other recipe")
    parser.add_argument("--data-dir", type=Path, help="folder that holds mnist/")
    options = parser.parse_args(arguments)
    if min(options.epochs, options.seeds) < 1:
        parser.error(
            f"--epochs and --seeds must be 1 or more, received {options.epochs}, {options.seeds}"
        )

    def say(line: str) -> None:
        print(line, file=sys.stderr if options.json else sys.stdout, flush=True)

    results = []
    for seed in range(options.seed, options.seed + options.seeds):
        options.seed = seed
        results.append({"schema": 1, "seed": seed, **compare(options, say)})
    ratios = [one["times_sooner"] for one in results if one["reached"]]
    if len(results) > 1 and ratios:
        say(f"{len(ratios)} of {len(results)} seeds, median {statistics.median(ratios):.1f} times.")
    if options.json:
        print(json.dumps(results[0] if len(results) == 1 else results, indent=2))


def ladder(pictures: int) -> Iterator[tuple[int, int]]:
    """Yield (pictures, epochs), each longer than the one before: a part of them, then all."""
    yield from ((some, 1) for some in SOME if some < pictures)
    yield from ((pictures, epochs) for epochs in range(1, MOST_EPOCHS + 1))


def train_siam(
    train: Split,
    validation: Split,
    judge: Judge,
    *,
    goal: float,
    seed: int,
    say: Say,
) -> tuple[list[dict[str, Any]], Any]:
    """Train siam for longer and longer until `goal` is reached; return a row each, the last tower.

    Whole trainings, each with its own schedule. The seconds are those of that training alone,
    compiling included.
    """
    from siam.siamese.network import tower_of
    from siam.siamese.presets import PRESETS
    from siam.siamese.training import train_network

    rows: list[dict[str, Any]] = []
    for pictures, epochs in ladder(len(train)):
        _, chosen = split_off(train.labels, pictures, seed=seed)
        recipe = dataclasses.replace(PRESETS[PRESET], epochs=epochs)
        with tempfile.TemporaryDirectory() as folder:
            trained = train_network(
                train.take(chosen), validation, recipe=recipe, seed=seed, folder=Path(folder)
            )
        tower = tower_of(trained.network)
        accuracy = judge(tower)
        seconds = trained.seconds
        row = {"pictures": pictures, "epochs": epochs, "seconds": seconds, "accuracy": accuracy}
        rows.append(row)
        say(f"siam {PRESET}, {pictures:6,} x {epochs} {seconds:8.1f} {accuracy:10.2%}")
        if accuracy >= goal:
            break
    return rows, tower


def compared(
    other: dict[str, Any], siam: list[dict[str, Any]], test: tuple[float, float], say: Say
) -> dict[str, Any]:
    """Say how much sooner siam was as good as the other's last row, and return it for --json.

    Args:
        other, siam: as judged by validation pictures.
        test: the other's and siam's accuracy on the test pictures, which nothing was chosen by.
    """
    reached = siam[-1]["accuracy"] >= other["accuracy"]
    ratio = other["seconds"] / siam[-1]["seconds"]
    say(
        f"siam reaches {other['accuracy']:.2%} {ratio:.1f} times sooner."
        if reached
        else f"siam does NOT reach {other['accuracy']:.2%} in {MOST_EPOCHS} epochs."
    )
    say(f"On the test pictures, once: {test[0]:.2%}, siam {test[1]:.2%}.")
    return {
        "siam": siam,
        "reached": reached,
        "times_sooner": ratio if reached else None,
        "test": {"other": test[0], "siam": test[1]},
    }
