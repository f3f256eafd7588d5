"""How well a run tells characters that are no digits, and what that costs on outside digits.

    python benchmarks/evaluation_unfamiliar.py images_background.zip [--run NAME-OR-PATH]
        [--every 4] [--count 8] [--json]

Omniglot's characters go through the run's own preparation, as `siam query` would send them. Scores
of familiarity are computed from embeddings alone; for each: AUROC against the run's test pictures,
the share let through where 95 % of test pictures are accepted, and the false alarms at that
distance on digits drawn by tests/rendering (which go through the same preparation).
Bar on MNIST: AUROC at least 0.99, at most 4 % let through.

Beware of a score that learns what preparation leaves behind (edges, line widths): MNIST's own test
digits never go through it, Omniglot's characters all do. The false alarms show such a score up.
"""

from __future__ import annotations

import argparse
import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from siam.datasets.mnist import load_mnist
from siam.engine.calibrate import EmbeddedRun, embed_run, embed_validation
from siam.engine.open_run import OpenRun, open_run
from siam.evaluation.distances import Embedded
from siam.evaluation.out_of_distribution import detect
from siam.evaluation.votes import count_votes
from siam.pictures.preparation import prepare_picture
from siam.pictures.reading import read_picture
from siam.unit_vectors import exact_neighbours

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from rendering.kinds import KINDS  # noqa: E402
from rendering.strokes import traced, written  # noqa: E402


def main() -> None:
    """Embed every kind of picture, score it in each way, print a table."""
    parser = argparse.ArgumentParser(description="Unfamiliar pictures against a run's test.")
    parser.add_argument("archive", help="Omniglot's images_background.zip")
    parser.add_argument("--run", help="a run's name or path; the newest when left out")
    parser.add_argument("--every", type=int, default=4, help="take each such picture of Omniglot")
    parser.add_argument("--count", type=int, default=8, help="outside digits of each kind")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, no table")
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    with open_run(chosen.run) as run:
        embedded = embed_run(run.path, run.config, run.encoder, run.gallery)
        validation = embed_validation(embedded.validation, run.encoder, run.gallery)
        others = encoded(run, characters(chosen.archive, chosen.every))
        outside = encoded(run, outside_digits(chosen.count))
    kinds = {
        name: scores(queries, embedded, validation)
        for name, queries in (
            ("known", embedded.test.embeddings),
            ("characters", others),
            ("outside", outside),
        )
    }
    rows = []
    for name, known in kinds["known"].items():
        limit = float(np.quantile(known, 0.95))
        strange = kinds["characters"][name]
        found = detect(known, strange, limit=limit, matches=strange <= limit).figures
        rows.append(
            {
                "score": name,
                "auroc": found["auroc"][0],
                "let_through": found.let_through,
                "let_through_ci95": list(found["let_through"][1]),
                "false_alarm_outside": float((kinds["outside"][name] > limit).mean()),
            }
        )
    if chosen.json:
        counts = {"characters": len(others), "outside": len(outside)}
        print(json.dumps({"benchmark": "evaluation_unfamiliar", **counts, "scores": rows}))
        return
    print(f"{len(others):,} characters, {len(outside):,} outside digits")
    for row in rows:
        low, high = row["let_through_ci95"]
        print(
            f"{row['score']:22} AUROC {row['auroc']:.4f}  let through {row['let_through']:6.2%} "
            f"[{low:.2%}, {high:.2%}]  outside digits refused {row['false_alarm_outside']:.1%}"
        )


def encoded(run: OpenRun, contents: Iterator[bytes]) -> np.ndarray:
    """Prepare and embed picture files as `siam query` does."""
    pixels = [
        prepare_picture(read_picture(content), run.config.preparation).pixels
        for content in contents
    ]
    return run.encoder.encode(np.stack(pixels))


def characters(archive: str, every: int) -> Iterator[bytes]:
    """Yield each `every`-th drawing of Omniglot, so that all characters are among them."""
    with zipfile.ZipFile(archive) as source:
        for name in sorted(n for n in source.namelist() if n.endswith(".png"))[::every]:
            yield source.read(name)


def outside_digits(count: int) -> Iterator[bytes]:
    """Yield `count` pictures of each kind of photo, scan and drawing, traced or written digits."""
    test = load_mnist().test
    order = np.random.default_rng(0).permutation(len(test.labels))
    for place, kind in enumerate(KINDS):
        for k in range(count):
            rng = np.random.default_rng([0, place, k])
            at = order[(place * count + k) % len(order)]
            digit = test.pictures[at, :, :, 0]
            yield KINDS[kind](written(k // 2 % 10, rng) if k % 2 else traced(digit), rng)


def scores(queries: np.ndarray, embedded: EmbeddedRun, known: Embedded) -> dict[str, np.ndarray]:
    """Return score name -> one number per query, larger = less familiar."""
    gallery, labels = embedded.gallery.embeddings, embedded.gallery.labels
    found = exact_neighbours(queries, gallery, 50)
    votes = count_votes(found.distances[:, :10], labels[found.positions[:, :10]])
    local = gallery[found.positions[:, :10]].mean(axis=1)
    classes = np.unique(labels)
    means = np.stack([gallery[labels == label].mean(axis=0) for label in classes])
    centred = known.embeddings - means[np.searchsorted(classes, known.labels)]
    covariance = np.cov(centred.T)
    shrunk = covariance + 0.1 * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    offsets = queries[:, None] - means
    mahalanobis = np.einsum("ncd,de,nce->nc", offsets, np.linalg.inv(shrunk), offsets)
    return {
        "closeness (used)": votes.closeness,
        "nearest": found.distances[:, 0],
        "10th nearest": found.distances[:, 9],
        "50th nearest": found.distances[:, 49],
        "mean of 10 neighbours": np.linalg.norm(queries - local, axis=1),
        "nearest class mean": np.sqrt((offsets**2).sum(axis=-1)).min(axis=1),
        "Mahalanobis, tied": mahalanobis.min(axis=1),
    }


if __name__ == "__main__":
    main()
