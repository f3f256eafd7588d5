"""Pictures unlike their class in what a file shows beside its content."""

from __future__ import annotations

import numpy as np
import pytest

from siam.engine.audit.traits import picture_traits, unlike_class


def drawing(seed: int, *, ground: int = 20, ink: int = 220) -> np.ndarray:
    """Return a bright square of some place and size on a dark ground, RGB."""
    random = np.random.default_rng(seed)
    picture = np.full((40, 40, 3), ground, np.uint8)
    top, side = random.integers(8, 14), random.integers(10, 16)
    picture[top : top + side, top : top + side] = ink
    return picture


USUAL = [drawing(seed) for seed in range(20)]


@pytest.mark.parametrize(
    ("odd", "size", "trait"),
    [
        (drawing(99), (400, 400), "size"),
        (drawing(99), (20, 80), "shape"),
        (drawing(99, ground=230, ink=20), (40, 40), "ground"),
        (drawing(99) * np.array([1, 0, 0], np.uint8), (40, 40), "colour"),
    ],
    ids=["larger", "wider", "inverted", "red"],
)
def test_one_that_differs_is_named(odd: np.ndarray, size: tuple[int, int], trait: str) -> None:
    traits = np.stack(
        [*(picture_traits(one, (40, 40)) for one in USUAL), picture_traits(odd, size)]
    )
    found = unlike_class(traits, np.zeros(len(traits), int))
    assert [(one.row, one.trait) for one in found] == [(20, trait)]


def test_two_kinds_within_a_class_are_none_of_them_unlike() -> None:
    kinds = [*USUAL, *(drawing(seed, ground=230, ink=20) for seed in range(20))]
    traits = np.stack([picture_traits(one, (40, 40)) for one in kinds])
    assert unlike_class(traits, np.zeros(40, int)) == []
    assert unlike_class(traits, np.repeat([0, 1], 20)) == []
