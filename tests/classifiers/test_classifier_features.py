"""Penultimate features: of every style alike, of unit length, read without copying weights."""

from __future__ import annotations

import numpy as np
import pytest

from siam.classifiers.architecture import FEATURES
from siam.classifiers.features import answer_function
from siam.classifiers.styles import STYLES, build_classifier

SHAPE = (12, 12, 1)
PICTURES = np.random.default_rng(0).integers(0, 256, (7, *SHAPE), np.uint8)


@pytest.mark.parametrize("style", STYLES)
def test_answers_are_probabilities_and_unit_embeddings(style: str) -> None:
    probabilities, embeddings = answer_function(build_classifier(style, SHAPE, 4))(PICTURES)
    assert probabilities.shape == (7, 4)
    assert embeddings.shape == (7, FEATURES)
    assert embeddings.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-5)


def test_equal_weights_give_equal_features() -> None:
    pattern = build_classifier("functional", SHAPE, 4)
    for style in ("sequential", "subclassed"):
        model = build_classifier(style, SHAPE, 4)
        model.set_weights(pattern.get_weights())
        for found, expected in zip(
            answer_function(model)(PICTURES), answer_function(pattern)(PICTURES), strict=True
        ):
            np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_picture_that_wakes_nothing_gets_the_even_vector() -> None:
    model = build_classifier("functional", SHAPE, 4)
    # ReLU of a normalisation whose offset is far below 0 is 0 everywhere.
    gain, _, mean, variance = model.get_layer("projection_norm").get_weights()
    model.get_layer("projection_norm").set_weights([gain, gain - 1e6, mean, variance])
    _, embeddings = answer_function(model)(PICTURES)
    np.testing.assert_allclose(embeddings, 1 / np.sqrt(FEATURES), atol=1e-6)
