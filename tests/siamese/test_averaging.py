"""Batch statistics computed anew for averaged weights."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from siam.siamese.averaging import reestimate_normalisation


class Numbers(keras.utils.PyDataset):
    """Four batches of eight numbers with labels of 0."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        values = np.random.default_rng(step).normal(step, 1, (8, 1)).astype(np.float32)
        return values, np.zeros((8, 1), np.float32)


def normalised() -> keras.Model:
    model = keras.Sequential(
        [keras.Input((1,)), keras.layers.Dense(1), keras.layers.BatchNormalization()]
    )
    model.compile(optimizer=keras.optimizers.SGD(0.5, use_ema=True, ema_momentum=0.9), loss="mse")
    return model


def test_statistics_are_the_mean_over_the_batches_and_the_momentum_stays() -> None:
    model = normalised()
    batches = [Numbers()[step][0] for step in range(4)]
    reestimate_normalisation(model, batches)
    dense, norm = model.layers
    outputs = [np.asarray(dense(batch)) for batch in batches]
    assert float(norm.moving_mean[0]) == pytest.approx(np.mean([o.mean() for o in outputs]), 1e-4)
    assert float(norm.moving_variance[0]) == pytest.approx(
        np.mean([o.var() for o in outputs]), 1e-4
    )
    assert norm.momentum == 0.99


def test_after_a_fit_with_averaged_weights_the_output_is_normalised() -> None:
    keras.utils.set_random_seed(0)
    model, feed = normalised(), Numbers()
    model.fit(feed, epochs=3, shuffle=False, verbose=0)
    reestimate_normalisation(model, (feed[step][0] for step in range(len(feed))))
    dense, norm = model.layers
    outputs = [np.asarray(dense(feed[step][0])) for step in range(4)]
    assert float(norm.moving_mean[0]) == pytest.approx(np.mean([o.mean() for o in outputs]), 1e-4)


def test_a_nested_tower_is_reached() -> None:
    tower = keras.Sequential([keras.Input((1,)), keras.layers.BatchNormalization()])
    outer = keras.Sequential([keras.Input((1,)), tower])
    reestimate_normalisation(outer, [np.full((4, 1), 7.0, np.float32)])
    assert float(tower.layers[0].moving_mean[0]) == pytest.approx(7.0)


def test_a_model_without_normalisation_is_left_alone() -> None:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    before = model.get_weights()
    reestimate_normalisation(model, [np.zeros((4, 1), np.float32)])
    np.testing.assert_array_equal(before[0], model.get_weights()[0])
