"""The contrastive loss: Hadsell's formula by hand, the batch form against a plain loop."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from siam.siamese.losses.contrastive import (
    BatchContrastiveLoss,
    ContrastiveLoss,
    batch_contrastive,
    contrastive,
)


def unit_rows(n: int, dim: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((n, dim))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def plain_loop(
    labels: np.ndarray, rows: np.ndarray, positive_margin: float, negative_margin: float
) -> float:
    together, apart, strange = [], [], []
    for i in range(len(labels)):
        for j in range(i):
            distance = float(np.linalg.norm(rows[i].astype(float) - rows[j].astype(float)))
            if labels[i] == labels[j] == -1:
                continue  # two outliers
            if labels[i] == -1 or labels[j] == -1:
                strange.append(max(0.7 - distance, 0.0) ** 2)
            elif labels[i] == labels[j]:
                together.append(max(distance - positive_margin, 0.0) ** 2)
            else:
                apart.append(max(negative_margin - distance, 0.0) ** 2)
    total = 0.0
    for part in (together, apart, strange):
        costly = sum(1 for cost in part if cost > 0)
        if costly:
            total += sum(part) / max(costly, len(part) / 10)
    return total


def test_pairs_by_hand() -> None:
    same = np.array([1, 1, 0, 0, 0])
    distance = np.array([0.0, 0.6, 0.6, 1.0, 1.7], np.float32)
    found = ops.convert_to_numpy(contrastive(same, distance, margin=1.0))
    np.testing.assert_allclose(found, [0.0, 0.18, 0.08, 0.0, 0.0], atol=1e-6)


@pytest.mark.parametrize("shape", [(3,), (3, 1)])
def test_the_loss_is_the_mean_over_pairs_in_either_shape(shape: tuple[int, ...]) -> None:
    same = np.array([1.0, 0.0, 0.0], np.float32).reshape(shape)
    distance = np.array([0.6, 0.6, 2.0], np.float32).reshape(shape)
    assert float(ContrastiveLoss(margin=1.0)(same, distance)) == pytest.approx(0.26 / 3, abs=1e-6)


def test_labels_of_another_shape_than_the_distances_are_refused() -> None:
    with pytest.raises(ValueError, match=r"labels \(3,\) and distances \(3, 1\)"):
        ContrastiveLoss()(np.zeros(3, np.float32), np.zeros((3, 1), np.float32))


def test_labels_of_another_shape_are_refused_while_fitting_too() -> None:
    inputs = keras.Input((2,))
    model = keras.Model(inputs, keras.layers.Dense(1)(inputs))
    model.compile(loss=ContrastiveLoss())
    with pytest.raises(ValueError, match="one shape"):
        model.fit(np.zeros((4, 2)), np.zeros(4), verbose=0)


# Of three sizes only: JAX compiles each operation for each size.
LABELS = st.sampled_from([2, 5, 9]).flatmap(
    lambda size: st.lists(st.integers(-1, 3), min_size=size, max_size=size)
)


@settings(max_examples=20)
@given(labels=LABELS, seed=st.integers(0, 99))
def test_the_batch_form_equals_a_plain_loop(labels: list[int], seed: int) -> None:
    rows = unit_rows(len(labels), 4, seed)
    found = float(batch_contrastive(np.array(labels), rows, positive_margin=0.3))
    assert found == pytest.approx(plain_loop(np.array(labels), rows, 0.3, 1.2), abs=1e-4)


def test_settled_pairs_do_not_thin_out_the_hard_ones() -> None:
    # One pair of classes at a distance of 1, beside two far apart.
    rows = np.array([[1, 0], [0.5, 3**0.5 / 2], [-1, 0]], np.float32)
    found = float(batch_contrastive(np.arange(3), rows, negative_margin=1.2))
    assert found == pytest.approx(0.2**2, abs=1e-5)


def test_one_odd_pair_among_many_does_not_steer_alone() -> None:
    # 21 pictures, each of a class of its own, of which two coincide: 1 costly pair of 210.
    rows = np.eye(21, dtype=np.float32)
    rows[1] = rows[0]
    found = float(batch_contrastive(np.arange(21), rows, negative_margin=1.2))
    assert found == pytest.approx(1.2**2 / 21, abs=1e-5)


def test_pulled_together_and_pushed_apart_costs_nothing() -> None:
    rows = np.array([[1, 0], [1, 0], [-1, 0], [-1, 0]], np.float32)
    assert float(BatchContrastiveLoss()(np.array([0, 0, 1, 1]), rows)) == 0.0


def test_coinciding_embeddings_have_a_finite_slope() -> None:
    tower = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(2), keras.layers.UnitNormalization()]
    )
    tower.compile(optimizer="sgd", loss=BatchContrastiveLoss())
    tower.fit(np.ones((4, 2)), np.array([0, 0, 1, 1]), verbose=0)
    assert all(np.isfinite(weight).all() for weight in tower.get_weights())


@pytest.mark.parametrize(
    "loss",
    [ContrastiveLoss(margin=0.7), BatchContrastiveLoss(positive_margin=0.1, negative_margin=1.4)],
)
def test_a_loss_survives_its_configuration(loss: keras.losses.Loss) -> None:
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert type(again) is type(loss)
    assert again.get_config() == loss.get_config()
