"""Omniglot's within-alphabet 20-way one-shot accuracy on alphabets that siam never trained on.

Trains as `siam train images_background.zip --classes-from alphabet/character` does, with five
alphabets held out, and asks about their characters in Lake's manner (B. Lake, R. Salakhutdinov,
J. Tenenbaum, "Human-level concept learning through probabilistic program induction", Science
2015): 20 characters of one alphabet as one person drew them, and the same 20 by another person;
each of the second has to find its own among the first. 20 such runs are 400 trials.

    python benchmarks/omniglot.py IMAGES_BACKGROUND.zip [--preset best] [--seeds 0,1] [--json]
    python benchmarks/omniglot.py IMAGES_BACKGROUND.zip --lake ALL_RUNS [--seeds 0,1,2]
    python benchmarks/omniglot.py --run runs/bundled/glyphs.siam --lake ALL_RUNS

With `--lake` no alphabet is held out, and the trials are the 400 official ones: the folder is
`all_runs.zip` of the Omniglot repository, unpacked. Its people and alphabets are in no background
picture. With `--run` nothing is trained: a run answers them, and says of each if it is a match.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from siam.array_types import Pictures
from siam.datasets.dataset import Dataset
from siam.datasets.load import load_dataset
from siam.engine.open_run import open_encoder_of
from siam.engine.recipe_choice import choose_recipe
from siam.errors import DataError
from siam.evaluation.calibration import read_calibration
from siam.evaluation.episodes import Trial, score_trials
from siam.evaluation.verdict import decide
from siam.pictures.preparation import Preparation, prepare_picture
from siam.pictures.reading import read_picture
from siam.run_files import CALIBRATION_FILE
from siam.runs.config import TrainChoice
from siam.training.native_logs import quiet_native_logs
from siam.unit_vectors import exact_neighbours

# Drawn once, at random, from the alphabets with 20 characters or more; kept for comparison.
HELD_OUT = ("Burmese_(Myanmar)", "Gujarati", "Hebrew", "Korean", "Latin")
WAYS = 20
# Lake's 20 runs give 400 trials, an interval 4 points wide; 400 runs narrow the draw's share.
RUNS = 400


def main(arguments: Sequence[str] | None = None) -> None:
    """Train for each seed, and print one line for each and their mean."""
    parser = argparse.ArgumentParser(description="Within-alphabet one-shot accuracy on Omniglot.")
    parser.add_argument("pictures", nargs="?", help="images_background.zip, or its folder")
    parser.add_argument("--run", help="a run that answers, by name or path: nothing is trained")
    parser.add_argument("--preset", default="best")
    parser.add_argument("--seeds", default="0", help="such as 0,1,2")
    parser.add_argument("--held-out", default=",".join(HELD_OUT), help="alphabets")
    parser.add_argument("--lake", type=Path, help="all_runs: the 400 official trials instead")
    parser.add_argument("--size", type=int, help="side of the pictures in pixels")
    parser.add_argument("--prepare", help="the chain of the pictures; as the data asks by default")
    parser.add_argument("--set", action="append", default=[], help="a recipe value: epochs=10")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, no table")
    options = parser.parse_args(arguments)
    if options.run and options.lake:
        print_official(score_official(options.run, options.lake), as_json=options.json)
        return
    if options.run or not options.pictures:
        parser.error("give IMAGES_BACKGROUND.zip, or --run with --lake")
    table = sys.stderr if options.json else sys.stdout
    rows = []
    for seed in (int(word) for word in options.seeds.split(",")):
        row = train_and_score(
            options.pictures,
            preset=options.preset,
            seed=seed,
            held_out=() if options.lake else tuple(options.held_out.split(",")),
            lake=options.lake,
            size=options.size,
            prepare=options.prepare,
            overrides=dict(text.split("=", 1) for text in options.set),
        )
        rows.append(row)
        low, high = row["accuracy_ci95"]
        print(
            f"seed {seed}: {row['accuracy']:.2%} [{low:.2%}, {high:.2%}] of {row['trials']:,} "
            f"trials after {row['seconds']:.0f} s ({row['cpu_seconds']:.0f} s of processor)",
            *(f"  {name}: {share:.2%}" for name, share in row["alphabets"].items()),
            sep="\n",
            file=table,
            flush=True,
        )
    mean = float(np.mean([row["accuracy"] for row in rows]))
    print(f"mean of {len(rows)} seed(s): {mean:.2%}", file=table)
    if options.json:
        print(json.dumps({"benchmark": "omniglot", "accuracy": mean, "seeds": rows}))


def train_and_score(
    pictures: str,
    *,
    preset: str,
    seed: int,
    held_out: tuple[str, ...],
    lake: Path | None,
    size: int | None,
    prepare: str | None,
    overrides: dict[str, str],
) -> dict[str, Any]:
    """Train without the held-out alphabets, embed the drawings of the trials, answer them."""
    data = load_dataset(
        pictures,
        seed=seed,
        size=size,
        classes_from="alphabet/character",
        holdout_classes=held_out,
        prepare=prepare,
    )
    trials_of: dict[str, list[Trial]]
    if lake is not None:
        drawings, official = read_lake_runs(lake, Preparation(data.prepare, *shape_of(data)))
        trials_of = {"": official}
    else:
        assert data.unseen is not None
        drawings = data.unseen.pictures
        parts = [("", held_out), *((name, (name,)) for name in held_out)]
        trials_of = {name: lake_trials(data, alphabets, seed=0) for name, alphabets in parts}
    with quiet_native_logs():
        from siam.siamese.network import tower_of
        from siam.siamese.training import train_network

    choice = TrainChoice(preset=preset, seed=seed, overrides=overrides)
    recipe = choose_recipe(choice, len(data.train), classes=len(data.classes), chain=data.prepare)
    started = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        trained = train_network(
            data.train, data.validation, recipe=recipe, seed=seed, folder=Path(folder)
        )
    cpu_seconds = time.process_time() - started
    embeddings = tower_of(trained.network).predict(
        drawings.astype(np.float32), batch_size=256, verbose=0
    )
    scores = {name: score_trials(embeddings, trials) for name, trials in trials_of.items()}
    whole = scores.pop("")
    return {
        "seed": seed,
        "seconds": trained.seconds,
        "cpu_seconds": cpu_seconds,
        "epochs": recipe.epochs,
        "prepare": data.prepare,
        "parameters": int(tower_of(trained.network).count_params()),
        "accuracy": whole.accuracy,
        "accuracy_ci95": list(whole.accuracy_ci95),
        "trials": whole.questions,
        "alphabets": {name: one.accuracy for name, one in scores.items()},
    }


def score_official(run: str, lake: Path) -> dict[str, Any]:
    """Let a run answer Lake's trials, each from the 20 drawings of its own."""
    path, config, encoder = open_encoder_of(run, also=[CALIBRATION_FILE])
    drawings, trials = read_lake_runs(lake, config.preparation)
    embeddings = encoder.encode(drawings)
    scores = score_trials(embeddings, trials)
    calibration = read_calibration(path / CALIBRATION_FILE)
    words, right = [], []
    for trial in trials:
        rows, among = embeddings[trial.queries], embeddings[trial.support]
        near = exact_neighbours(rows, among, calibration.neighbours)
        labels = trial.support_labels[near.positions]
        for verdict, label in zip(
            decide(near.distances, labels, calibration), trial.query_labels, strict=True
        ):
            words.append(verdict.verdict)
            right.append(verdict.label == label)
    matches = np.array(words) == "match"
    return {
        "run": path.name,
        "trials": scores.questions,
        "accuracy": scores.accuracy,
        "accuracy_ci95": list(scores.accuracy_ci95),
        "verdicts": {word: words.count(word) for word in ("match", "unsure", "no match")},
        "matches_right": float(np.mean(np.array(right)[matches])) if matches.any() else None,
    }


def print_official(row: dict[str, Any], *, as_json: bool) -> None:
    """Print what a run made of Lake's trials."""
    if as_json:
        print(json.dumps({"benchmark": "omniglot", **row}))
        return
    low, high = row["accuracy_ci95"]
    verdicts = ", ".join(f"{count} {word}" for word, count in row["verdicts"].items())
    print(
        f"{row['run']}: {row['accuracy']:.2%} [{low:.2%}, {high:.2%}] of {row['trials']:,} trials; "
        f"{verdicts}; of the matches {row['matches_right'] or 0:.2%} are right"
    )


def shape_of(data: Dataset) -> tuple[tuple[int, int], int]:
    """Return the size and the channels that a data set's pictures are prepared to."""
    height, width, channels = data.picture_shape
    return (height, width), channels


def read_lake_runs(folder: Path, preparation: Preparation) -> tuple[Pictures, list[Trial]]:
    """Read Lake's official one-shot runs.

    Args:
        folder: `all_runs`: run01 to run20, each with `training/`, `test/` and `class_labels.txt`,
            whose lines are "run01/test/item01.png run01/training/class05.png".
        preparation: the training pictures' own.

    Returns:
        The drawings, uint8 (n, height, width, channels), and a trial per run, which points into
        them.

    Raises:
        DataError: there is no run, or a line that does not name two files.
    """
    answers = sorted(folder.glob("run*/class_labels.txt"))
    if not answers:
        raise DataError(
            f"{folder} holds no run*/class_labels.txt.", "Give the unpacked folder all_runs."
        )
    row_of: dict[str, int] = {}
    trials = []
    for file in answers:
        pairs = [line.split() for line in file.read_text().splitlines() if line.strip()]
        if any(len(pair) != 2 for pair in pairs):
            raise DataError(f"{file} has a line that does not name two files.")
        support = sorted({right for _, right in pairs})
        label_of = {name: label for label, name in enumerate(support)}
        for name in (*support, *(query for query, _ in pairs)):
            row_of.setdefault(name, len(row_of))
        trials.append(
            Trial(
                np.array([row_of[name] for name in support]),
                np.arange(len(support)),
                np.array([row_of[query] for query, _ in pairs]),
                np.array([label_of[right] for _, right in pairs]),
            )
        )
    drawings = [
        prepare_picture(read_picture(folder / name, enough=preparation.enough), preparation).pixels
        for name in row_of
    ]
    return np.stack(drawings), trials


def lake_trials(data: Dataset, alphabets: Sequence[str], *, seed: int) -> list[Trial]:
    """Draw runs: an alphabet, 20 of its characters, one person's drawings and another's.

    Every character was drawn by the same 20 people, whose number is the file name's last:
    0709_05.png is person 5's.
    """
    assert data.unseen is not None
    labels = data.unseen.labels
    people = np.array([int(re.split(r"[_.]", origin)[-2]) for origin in data.unseen.origins])
    row_of = {pair: row for row, pair in enumerate(zip(labels, people, strict=True))}
    known = [(label, data.groups[label]) for label in np.unique(labels)]
    characters = {name: [label for label, group in known if group == name] for name in alphabets}
    random = np.random.default_rng(seed)
    trials = []
    for run in range(RUNS):
        chosen = random.choice(characters[alphabets[run % len(alphabets)]], WAYS, replace=False)
        first, second = random.choice(np.unique(people), 2, replace=False)
        support = np.array([row_of[label, first] for label in chosen])
        queries = np.array([row_of[label, second] for label in chosen])
        trials.append(Trial(support, chosen, queries, chosen))
    return trials


if __name__ == "__main__":
    main()
