"""A precision that is emulated is told by one layer, before a step in it is compiled."""

from __future__ import annotations

import pytest

from siam.recipe import Recipe
from siam.siamese import step_time
from siam.siamese.step_time import measure_step, multiply_adds
from siam.training.precision import StepTime

RECIPE = Recipe(precision="float32", pictures_per_class=2)
SIZES = {"input_shape": (28, 28, 1), "classes": 2}


def test_no_step_is_tried_where_one_layer_says_that_it_would_take_too_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(step_time, "estimate_step", lambda recipe, **sizes: 3.0)
    monkeypatch.setattr(step_time, "make_loss", lambda *_, **__: pytest.fail("a step was tried"))
    assert measure_step(RECIPE, 2.0, **SIZES) == StepTime(3.0, 0.0)


def test_the_works_of_layers_add_up_to_a_count_by_hand() -> None:
    # 28 pixels, 12 after a 6 x 6 window every 2nd, 6 after pooling, which no longer halves.
    stem, second = 12 * 12 * 36 * 32, 12 * 12 * 9 * 32 * 48
    third, fourth = 6 * 6 * 9 * 48 * 96, 6 * 6 * 9 * 96 * 96
    dense = 6 * 6 * 96 * 64
    assert multiply_adds(RECIPE, input_shape=(28, 28, 1)) == stem + second + third + fourth + dense
