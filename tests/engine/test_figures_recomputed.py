"""Every figure of `siam evaluate --json`, computed again from what `siam embed` writes.

Nothing of siam's own mathematics is used here but the pairs it drew: plain NumPy, SciPy and
scikit-learn, on embeddings that were computed anew.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.distance import cdist, pdist
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from siam.datasets.sampling import sample_pairs
from siam.engine.embed import embed
from siam.engine.evaluate import evaluate_run

pytestmark = pytest.mark.slow

Embeddings = dict[str, tuple[np.ndarray, np.ndarray]]


@pytest.fixture(scope="module")
def embeddings(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Embeddings:
    """Split -> embeddings (n, 64) and labels (n,), each digit's own number."""
    folder = tmp_path_factory.mktemp("embeddings")
    found = {}
    for split in ("train", "validation", "test"):
        out = folder / f"{split}.npz"
        embed([f"digits:{split}"], out, run=str(trained), standard_input=io.BytesIO())
        with np.load(out) as stored:
            vectors = stored["embeddings"].astype(np.float64)
            found[split] = vectors, stored["labels"].astype(np.int64)
    return found


@pytest.fixture(scope="module")
def figures(trained: Path) -> dict[str, Any]:
    return evaluate_run(str(trained))


@pytest.fixture(scope="module")
def calibration(trained: Path) -> dict[str, Any]:
    return dict(json.loads((trained / "calibration.json").read_text()))


def equal_error(same: np.ndarray, distances: np.ndarray) -> float:
    """Return the rate where false accepts meet false rejects, between two points of the curve."""
    far, tar, _ = roc_curve(same, -distances, drop_intermediate=False)
    gap = far - (1 - tar)
    after = int(np.argmax(gap >= 0))
    return float(np.interp(0, gap[after - 1 : after + 1], far[after - 1 : after + 1]))


def calibration_error(said: np.ndarray, came_true: np.ndarray) -> float:
    """Return the expected calibration error over 15 bins of equal width."""
    bins = np.minimum((said * 15).astype(int), 14)
    return sum(
        abs(said[bins == place].mean() - came_true[bins == place].mean()) * (bins == place).mean()
        for place in np.unique(bins)
    )


def test_the_sampled_pairs(
    embeddings: Embeddings, figures: dict[str, Any], calibration: dict[str, Any]
) -> None:
    vectors, labels = embeddings["test"]
    left, right, same = sample_pairs(labels, 20_000, seed=figures["seed"])
    distances = np.linalg.norm(vectors[left] - vectors[right], axis=1)
    accepted = distances <= calibration["threshold"]
    found = figures["pairs"]
    assert found["count"] == len(same)
    assert found["far"] == pytest.approx(accepted[same == 0].mean(), abs=1e-4)
    assert found["tar"] == pytest.approx(accepted[same == 1].mean(), abs=1e-4)
    assert found["accuracy"] == pytest.approx((found["tar"] + 1 - found["far"]) / 2)
    assert found["auc"] == pytest.approx(roc_auc_score(same, -distances), abs=1e-5)
    assert found["eer"] == pytest.approx(equal_error(same, distances), abs=1e-4)
    assert found["average_precision"] == pytest.approx(
        average_precision_score(same, -distances), abs=1e-5
    )
    said = np.interp(distances, calibration["distances"], calibration["probabilities"])
    assert figures["calibration"]["pair_ece"] == pytest.approx(
        calibration_error(said, same), abs=1e-4
    )


def test_all_pairs_and_the_false_accepts_met(
    embeddings: Embeddings, figures: dict[str, Any], calibration: dict[str, Any]
) -> None:
    vectors, labels = embeddings["test"]
    distances = pdist(vectors)
    same = pdist(labels[:, None], "hamming") == 0
    found = figures["all_pairs"]
    assert (found["count"], found["same"]) == (len(distances), same.sum())
    assert found["auc"] == pytest.approx(roc_auc_score(same, -distances), abs=1e-4)
    assert found["eer"] == pytest.approx(equal_error(same, distances), abs=2e-4)
    for point in figures["calibration"]["operating_points"]:
        accepted = distances <= point["threshold"]
        # Distances are counted in bins of 0.0001, so a pair at a bin's edge may fall beside it.
        assert point["test_far"] == pytest.approx(accepted[~same].mean(), abs=2e-4)
        assert point["test_tar"] == pytest.approx(accepted[same].mean(), abs=5e-4)


def test_the_thresholds_come_from_validation_pairs(
    embeddings: Embeddings, calibration: dict[str, Any]
) -> None:
    vectors, labels = embeddings["validation"]
    distances = pdist(vectors)
    same = pdist(labels[:, None], "hamming") == 0
    assert calibration["same_pairs"] == same.sum()
    assert calibration["different_pairs"] == (~same).sum()

    def quality(threshold: float) -> float:
        accepted = distances <= threshold
        return float(accepted[same].mean() - accepted[~same].mean())

    best = max(quality(threshold) for threshold in np.linspace(0, 2, 4001))
    assert quality(calibration["threshold"]) >= best - 2e-4
    for far, distance in zip(calibration["fars"], calibration["far_distances"], strict=True):
        assert (distances[~same] <= distance - 1e-4).mean() <= far + 1e-9
        assert (distances[~same] <= distance + 2e-4).mean() >= far * 0.5 - 2 / (~same).sum()


def test_retrieval_and_the_neighbours_vote(
    embeddings: Embeddings, figures: dict[str, Any], calibration: dict[str, Any]
) -> None:
    vectors, labels = embeddings["test"]
    gallery, known = (
        np.concatenate(both)
        for both in zip(embeddings["train"], embeddings["validation"], strict=True)
    )
    distances = cdist(vectors, gallery)
    order = np.argsort(distances, axis=1, kind="stable")
    hits = known[order] == labels[:, None]
    found = figures["retrieval"]
    assert (found["queries"], found["gallery_count"]) == (len(labels), len(known))
    for k in (1, 5, 10):
        assert found[f"recall@{k}"] == pytest.approx(hits[:, :k].any(axis=1).mean(), abs=1e-9)
    precision, average = [], []
    for row in hits:
        depth = int(row.sum())
        first = row[:depth]
        precision.append(first.mean())
        average.append(np.sum(first * np.cumsum(first) / np.arange(1, depth + 1)) / depth)
    assert found["r_precision"] == pytest.approx(np.mean(precision), abs=1e-4)
    assert found["map@r"] == pytest.approx(np.mean(average), abs=1e-4)

    right, shares, closeness = [], [], []
    for row in range(len(labels)):
        near = order[row, : calibration["neighbours"]]
        weights = 1 / (distances[row, near] + 0.05) ** 2
        support = np.bincount(known[near], weights, minlength=10)
        voted = int(np.argmax(support))
        right.append(voted == labels[row])
        shares.append(support[voted] / support.sum())
        closeness.append(distances[row, near[known[near] == voted][:5]].mean())
    assert found["knn_accuracy"] == pytest.approx(np.mean(right), abs=1e-9)
    constant, *slopes = calibration["label_weights"]
    said = 1 / (1 + np.exp(-(constant + np.stack([shares, closeness], axis=1) @ slopes)))
    assert figures["calibration"]["label_ece"] == pytest.approx(
        calibration_error(said, np.array(right)), abs=1e-4
    )
    for entry in figures["classes"]:
        own = labels == int(entry["name"])
        assert entry["count"] == own.sum()
        assert entry["recall"] == pytest.approx(np.array(right)[own].mean(), abs=1e-9)
