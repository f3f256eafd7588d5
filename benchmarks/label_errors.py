"""Labels flipped on purpose among MNIST's training pictures: siam's ranking beside cleanlab's.

    python benchmarks/label_errors.py [--run RUN] [--count 60000] [--shares 0.01,0.05] [--json]

Needs: pip install cleanlab. All rank the same pictures by the same embeddings, those of a run, by
the same five folds. "same" gives cleanlab siam's own class probabilities; "own" is cleanlab's usual
way: logistic regression. Of n flipped labels, found are those among the first n, and 1.2 n, ranked.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np

from siam.array_types import Booleans, Floats
from siam.datasets.load import load_dataset
from siam.engine.audit.embeddings import Space, Spaces, choose_shape
from siam.engine.audit.label_calibration import calibrate_labels
from siam.engine.audit.label_quality import judge_labels, stratified_folds
from siam.engine.open_run import open_encoder_of

FOLDS, CLASSES = 5, 10


def figures(badness: Floats, wrong: Booleans) -> dict[str, float]:
    """Score a ranking, larger = worse label."""
    from sklearn.metrics import average_precision_score

    order, count = np.argsort(-badness, kind="stable"), int(wrong.sum())
    return {
        "precision@n": float(wrong[order[:count]].mean()),
        "found@1.2n": float(wrong[order[: round(1.2 * count)]].sum() / count),
        "average_precision": float(average_precision_score(wrong, badness)),
    }


def softmax(scores: Floats) -> Floats:
    """Return probabilities of log-likelihoods."""
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def main() -> None:
    """Flip, rank, print."""
    from cleanlab.rank import get_label_quality_scores
    from sklearn.linear_model import LogisticRegression

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run")
    parser.add_argument("--count", type=int, default=60_000)
    parser.add_argument("--shares", default="0.01,0.05")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    path, _, encoder = open_encoder_of(options.run)
    train = load_dataset("mnist", data_dir=Path(os.environ["SIAM_DATA_DIR"])).train
    train = train.take(np.arange(min(options.count, len(train))))
    vectors, right = encoder.encode(train.pictures), train.labels
    results: dict[str, dict[str, dict[str, float]]] = {}
    for share in map(float, options.shares.split(",")):
        random = np.random.default_rng(options.seed)
        given = right.copy()
        rows = random.choice(len(right), round(share * len(right)), replace=False)
        given[rows] = (right[rows] + random.integers(1, CLASSES, len(rows))) % CLASSES
        wrong, folds = given != right, stratified_folds(given, FOLDS, seed=options.seed)
        rankings: dict[str, Floats] = {}
        started = time.perf_counter()
        spaces = choose_shape(
            Spaces([Space(vectors, np.ones(len(given), bool))], folds), given, classes=CLASSES
        )
        scores = spaces.scores(given, classes=CLASSES)
        quality = judge_labels(scores, given)
        rankings["siam"] = quality.log_odds
        seconds = time.perf_counter() - started
        same = softmax(scores)
        own = np.empty_like(same)
        for fold in range(FOLDS):
            model = LogisticRegression(max_iter=200).fit(
                vectors[folds != fold], given[folds != fold]
            )
            own[folds == fold] = model.predict_proba(vectors[folds == fold])
        for kind in ("self_confidence", "normalized_margin"):
            for name, predicted in (("same", same), ("own", own)):
                rankings[f"cleanlab, {name}, {kind}"] = -get_label_quality_scores(
                    given, predicted, method=kind
                )
        calibrated = calibrate_labels(
            lambda labels, spaces=spaces: judge_labels(
                spaces.scores(labels, classes=CLASSES), labels
            ),
            quality,
            given,
            np.zeros(len(given), bool),
            classes=CLASSES,
            seed=options.seed,
        )
        results[f"{share:g}"] = {name: figures(rank, wrong) for name, rank in rankings.items()}
        likely = calibrated.probability >= 0.5
        results[f"{share:g}"]["siam"] |= {
            "seconds": seconds,
            "wrong_share": calibrated.wrong_share,
            "said": float(calibrated.probability[likely].mean()),
            "true": float(wrong[likely].mean()),
        }
    if options.json:
        print(json.dumps({"run": path.name, "count": len(right), "shares": results}))
        return
    print(f"{len(right):,} of MNIST's training pictures, embeddings of the run {path.name}")
    for share_text, rows_of in results.items():
        print(
            f"\n{float(share_text):.0%} flipped: precision@n, found among 1.2 n, average precision"
        )
        for name, found in rows_of.items():
            told = " ".join(f"{found[key]:.4f}" for key in list(found)[:3])
            print(f"  {name:38s} {told}")
        siam = rows_of["siam"]
        print(
            f"  siam: {siam['seconds']:.1f} s; share of wrong labels {siam['wrong_share']:.4f}; of "
            f"those from 50 % on {siam['said']:.3f} said, {siam['true']:.3f} true"
        )


if __name__ == "__main__":
    main()
