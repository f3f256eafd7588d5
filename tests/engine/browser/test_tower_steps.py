"""A tower's plain steps answer as Keras does, whatever tower of siam's it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from siam.engine.browser.tower_steps import answer_steps, take_steps
from siam.errors import UsageError
from siam.siamese.test_time_augmentation import average_test_time_views
from siam.siamese.towers import build_tower

TOWERS: dict[str, Callable[[], Any]] = {
    "small": lambda: build_tower("small", (28, 28, 1), 16),
    "deep, odd sides, colours": lambda: build_tower("deep", (40, 37, 3), 16),
    "three members": lambda: build_tower("small", (28, 28, 1), 24, members=3),
    "five views": lambda: average_test_time_views(build_tower("small", (28, 28, 1), 8), views=5),
}


@pytest.mark.parametrize("build", TOWERS.values(), ids=TOWERS)
def test_steps_answer_as_keras_does(build: Callable[[], Any]) -> None:
    keras.utils.set_random_seed(0)
    tower = build()
    random = np.random.default_rng(0)
    for layer in tower._flatten_layers():  # what batch normalisation has learned is not 0 and 1
        if isinstance(layer, layers.BatchNormalization):
            layer.set_weights([random.uniform(0.5, 1.5, one.shape) for one in layer.get_weights()])
    pictures = random.integers(0, 256, (3, *tower.input_shape[1:]), dtype=np.uint8)
    expected = np.asarray(tower(pictures.astype(np.float32), training=False))
    np.testing.assert_allclose(answer_steps(take_steps(tower), pictures), expected, atol=2e-6)


def test_another_layer_or_activation_is_refused_by_name() -> None:
    inputs = keras.Input((8, 8, 1))
    for layer, word in ((layers.UpSampling2D(), "UpSampling2D"), (layers.Dense(3, "gelu"), "gelu")):
        with pytest.raises(UsageError, match=f"{word} .*\n.*--format onnx"):
            take_steps(keras.Model(inputs, layer(inputs)))
