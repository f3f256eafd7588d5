"""Every batch loss: labels of another shape, its configuration, a fit."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest

from siam.siamese.losses.registry import LOSSES, make_loss


def unit_rows(n: int, dim: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((n, dim))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


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
    # weights by itself, and at some of them the classes are apart already.
    tower.set_weights([1 + rng.normal(0, 0.1, (3, 4)), np.zeros(4)])
    tower.compile(optimizer=keras.optimizers.Adam(0.05), loss=make_loss(name))
    tower.optimizer.build(tower.trainable_variables)  # within a step, it is compiled twice
    history = tower.fit(points, labels, batch_size=24, epochs=30, verbose=0).history["loss"]
    assert all(math.isfinite(value) for value in history)
    assert history[0] > 0.05
    assert history[-1] < history[0]


def test_an_unknown_loss_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'centre'; there are contrastive, supervised-contrastive"):
        make_loss("centre")
