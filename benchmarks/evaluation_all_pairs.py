"""Time and memory of all pairs of 10,000 pictures, and of the whole evaluation at MNIST's size.

    python benchmarks/evaluation_all_pairs.py [EMBEDDINGS.npz]

Without a file the embeddings are random clusters; a file holds `test`, `test_labels`, `train` and
`train_labels`. Bar: all pairs in at most 20 s and 2 GiB on 2 cores.
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np

from siam.evaluation.all_pairs import EDGES, count_all_pairs, jackknife
from siam.evaluation.calibration_fit import fit_calibration
from siam.evaluation.distances import Embedded
from siam.evaluation.measure import measure
from siam.evaluation.roc import auc, equal_error, roc_of_counts


def clusters(count: int, *, seed: int, dim: int = 64, classes: int = 10) -> Embedded:
    """Return unit embeddings around one centre per class."""
    centres = np.random.default_rng(0).normal(size=(classes, dim))
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, count)
    rows = centres[labels] + 0.7 * random.normal(size=(count, dim))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return Embedded(rows.astype(np.float32), labels)


def peak_gib() -> float:
    """Return the largest resident memory of this process so far, in GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def figures(same: np.ndarray, different: np.ndarray) -> list[float]:
    curve = roc_of_counts(EDGES, same, different)
    return [auc(curve), equal_error(curve)[0]]


def main() -> None:
    if len(sys.argv) > 1:
        stored = np.load(sys.argv[1])
        test = Embedded(stored["test"], stored["test_labels"])
        train = Embedded(stored["train"], stored["train_labels"])
    else:
        test, train = clusters(10_000, seed=1), clusters(55_000, seed=2)
    start = time.perf_counter()
    pairs = count_all_pairs(test.embeddings, test.labels)
    rates = jackknife(pairs, figures)
    seconds = time.perf_counter() - start
    print(f"all pairs: {pairs.count:,} in {seconds:.2f} s, peak {peak_gib():.2f} GiB")
    for name, (value, (low, high)) in zip(("auc", "eer"), rates, strict=True):
        print(f"  {name} {value:.6f} [{low:.6f}, {high:.6f}]")
    validation = clusters(5_000, seed=3) if len(sys.argv) == 1 else test
    start = time.perf_counter()
    calibration = fit_calibration(validation, train)
    print(f"calibration: {time.perf_counter() - start:.2f} s, peak {peak_gib():.2f} GiB")
    start = time.perf_counter()
    names = [str(label) for label in range(int(train.labels.max()) + 1)]
    measure(test, train, calibration, classes=names)
    print(f"whole evaluation: {time.perf_counter() - start:.2f} s, peak {peak_gib():.2f} GiB")


if __name__ == "__main__":
    main()
