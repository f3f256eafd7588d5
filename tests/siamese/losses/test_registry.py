"""Every batch loss: against a plain loop, on edge cases, through its configuration, in a fit."""

from __future__ import annotations

import math
from collections.abc import Callable

import keras
import numpy as np
import pytest

from siam.siamese.losses.registry import LOSSES, make_loss

Oracle = Callable[[np.ndarray, np.ndarray], float]


def unit_rows(n: int, dim: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((n, dim))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def others(labels: np.ndarray, i: int, *, same: bool) -> list[int]:
    return [j for j in range(len(labels)) if j != i and (labels[j] == labels[i]) == same]


def distance(rows: np.ndarray, i: int, j: int) -> float:
    return float(np.linalg.norm(rows[i].astype(float) - rows[j].astype(float)))


def mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def triplet_all(labels: np.ndarray, rows: np.ndarray) -> float:
    losses = [
        distance(rows, a, p) - distance(rows, a, n) + 0.2
        for a in range(len(labels))
        for p in others(labels, a, same=True)
        for n in others(labels, a, same=False)
    ]
    return mean([loss for loss in losses if loss > 0])


def triplet_semi_hard(labels: np.ndarray, rows: np.ndarray) -> float:
    losses = []
    for a in range(len(labels)):
        rivals = [distance(rows, a, n) for n in others(labels, a, same=False)]
        for p in others(labels, a, same=True) if rivals else []:
            reach = distance(rows, a, p)
            rival = min((r for r in rivals if r > reach), default=max(rivals))
            losses.append(max(reach - rival + 0.2, 0.0))
    return mean(losses)


def triplet_hard(labels: np.ndarray, rows: np.ndarray) -> float:
    losses = []
    for a in range(len(labels)):
        reaches = [distance(rows, a, p) for p in others(labels, a, same=True)]
        rivals = [distance(rows, a, n) for n in others(labels, a, same=False)]
        if reaches and rivals:
            losses.append(max(max(reaches) - min(rivals) + 0.2, 0.0))
    return mean(losses)


def supervised_contrastive(labels: np.ndarray, rows: np.ndarray) -> float:
    losses = []
    for a in range(len(labels)):
        total = sum(math.exp(rows[a] @ rows[j] / 0.1) for j in range(len(labels)) if j != a)
        terms = [
            -math.log(math.exp(rows[a] @ rows[p] / 0.1) / total)
            for p in others(labels, a, same=True)
        ]
        if terms:
            losses.append(mean(terms))
    return mean(losses)


def batch_softmax(labels: np.ndarray, rows: np.ndarray) -> float:
    losses = []
    for a in range(len(labels)):
        rivals = sum(math.exp(rows[a] @ rows[n] / 0.1) for n in others(labels, a, same=False))
        for p in others(labels, a, same=True):
            power = math.exp(rows[a] @ rows[p] / 0.1)
            losses.append(-math.log(power / (power + rivals)))
    return mean(losses)


def multi_similarity(labels: np.ndarray, rows: np.ndarray) -> float:
    losses = []
    for a in range(len(labels)):
        same = [float(rows[a] @ rows[p]) for p in others(labels, a, same=True)]
        different = [float(rows[a] @ rows[n]) for n in others(labels, a, same=False)]
        together = sum(
            math.exp(-2 * (s - 0.5)) for s in same if different and s - 0.1 < max(different)
        )
        apart = sum(math.exp(50 * (s - 0.5)) for s in different if same and s + 0.1 > min(same))
        losses.append(math.log1p(together) / 2 + math.log1p(apart) / 50)
    return mean(losses)


def cosine_softmax(labels: np.ndarray, rows: np.ndarray, angle: float = 0.0) -> float:
    losses = []
    for a in range(len(labels)):
        own = others(labels, a, same=True)
        if not own:
            continue
        to_class = {
            int(c): float(rows[a] @ _direction(rows[labels == c]))
            for c in np.unique(labels)
            if c != labels[a]
        }
        turned = math.acos(float(rows[a] @ _direction(rows[own]))) + angle
        target = math.exp(16 * math.cos(turned))
        rivals = sum(math.exp(16 * cosine) for cosine in to_class.values())
        losses.append(-math.log(target / (target + rivals)))
    return mean(losses)


def _direction(rows: np.ndarray) -> np.ndarray:
    total = rows.sum(axis=0)
    direction: np.ndarray = total / np.linalg.norm(total)
    return direction


CASES: list[tuple[str, dict[str, object], Oracle]] = [
    ("triplet", {"mining": "all"}, triplet_all),
    ("triplet", {"mining": "semi-hard"}, triplet_semi_hard),
    ("triplet", {"mining": "hard"}, triplet_hard),
    ("supervised-contrastive", {}, supervised_contrastive),
    ("batch-softmax", {}, batch_softmax),
    ("multi-similarity", {}, multi_similarity),
    ("cosine-softmax", {}, cosine_softmax),
]


@pytest.mark.parametrize(("name", "options", "oracle"), CASES)
@pytest.mark.parametrize(
    "labels",
    [[0, 0, 1, 1, 2, 2], [0, 0, 0, 1, 1, 2], [3, 3, 3], [0, 1, 2], [5]],
    ids=["balanced", "uneven", "one class", "no same pair", "one picture"],
)
def test_a_loss_equals_a_plain_loop(
    name: str, options: dict[str, object], oracle: Oracle, labels: list[int]
) -> None:
    for seed in range(3):
        rows = unit_rows(len(labels), 3, seed)
        found = float(make_loss(name, **options)(np.array(labels), rows))
        assert found == pytest.approx(oracle(np.array(labels), rows), rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("name", [name for name in LOSSES if name != "contrastive"])
def test_outliers_are_rivals_of_every_class_and_want_no_company(name: str) -> None:
    """As classes of one picture each, which have no pair to bring together, are."""
    rows = unit_rows(8, 4, seed=2)
    loss = make_loss(name)
    found = float(loss(np.array([0, 0, 0, 1, 1, 1, -1, -1]), rows))
    assert found == pytest.approx(float(loss(np.array([0, 0, 0, 1, 1, 1, 2, 3]), rows)), rel=1e-5)
    without = float(loss(np.array([0, 0, 0, 1, 1, 1]), rows[:6]))
    assert abs(found - without) > 1e-3


def test_an_angle_widens_the_own_class() -> None:
    labels, rows = np.array([0, 0, 0, 1, 1, 1]), unit_rows(6, 8, seed=4)
    # All own angles here stay under pi - 0.3, where the formula is ArcFace's own.
    found = float(make_loss("cosine-softmax", angle=0.3)(labels, rows))
    assert found == pytest.approx(cosine_softmax(labels, rows, angle=0.3), rel=1e-3)


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_takes_a_lone_column_of_labels_for_a_mistake(name: str) -> None:
    with pytest.raises(ValueError, match=r"labels \(4, 1\)"):
        make_loss(name)(np.zeros((4, 1), np.int64), unit_rows(4, 2))


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_survives_its_configuration(name: str) -> None:
    loss = make_loss(name)
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert type(again) is type(loss)
    assert again.get_config() == loss.get_config()


@pytest.mark.parametrize("name", LOSSES)
def test_a_fit_brings_every_loss_down(name: str) -> None:
    labels = np.repeat(np.arange(3), 8)
    rng = np.random.default_rng(0)
    points = np.eye(3, dtype=np.float32)[labels]
    points += rng.normal(0, 0.1, points.shape).astype(np.float32)
    tower = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4), keras.layers.UnitNormalization()]
    )
    # All points start in nearly one direction, where no loss is 0: each backend draws other
    # weights by itself, and at some of them the triplets are apart already.
    tower.set_weights([1 + rng.normal(0, 0.1, (3, 4)), np.zeros(4)])
    tower.compile(optimizer=keras.optimizers.Adam(0.05), loss=make_loss(name))
    history = tower.fit(points, labels, batch_size=24, epochs=30, verbose=0).history["loss"]
    assert all(math.isfinite(value) for value in history)
    assert history[0] > 0.05
    assert history[-1] < history[0]


def test_an_unknown_loss_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'centre'; there are contrastive, triplet"):
        make_loss("centre")


def test_an_unknown_mining_is_refused() -> None:
    with pytest.raises(ValueError, match="received 'soft'"):
        make_loss("triplet", mining="soft")(np.array([0, 0, 1]), unit_rows(3, 2))
