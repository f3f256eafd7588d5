"""P x K follows the number of classes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siam.recipe import Recipe
from siam.siamese.batch_shape import fit_batch

TEN = Recipe(classes_per_batch=10, pictures_per_class=26)


@pytest.mark.parametrize(
    ("classes", "of_each", "expected"),
    [
        (2, 500, (10, 26)),  # fewer than wanted: the draw takes what there is
        (10, 6000, (10, 26)),
        (26, 500, (26, 10)),
        (47, 2400, (47, 5)),
        (65, 100, (65, 4)),
        (100, 100, (100, 4)),
        (964, 14, (128, 4)),
        (3856, 14, (128, 4)),
        (964, 3, (128, 3)),
        (964, 1, (128, 2)),
    ],
)
def test_shapes(classes: int, of_each: int, expected: tuple[int, int]) -> None:
    fitted = fit_batch(TEN, classes=classes, pictures_per_class=of_each)
    assert (fitted.classes_per_batch, fitted.pictures_per_class) == expected


@given(st.integers(1, 10_000), st.integers(1, 1000), st.integers(2, 128), st.integers(2, 64))
def test_a_batch_always_makes_pairs_and_stays_of_a_bearable_size(
    classes: int, of_each: int, p: int, k: int
) -> None:
    wanted = Recipe(classes_per_batch=p, pictures_per_class=k)
    fitted = fit_batch(wanted, classes=classes, pictures_per_class=of_each)
    assert 2 <= fitted.pictures_per_class <= k
    assert p <= fitted.classes_per_batch <= 128
    assert fitted.classes_per_batch * fitted.pictures_per_class <= max(p * k, 512)


def test_everything_else_stays() -> None:
    fitted = fit_batch(Recipe(dim=17, epochs=3), classes=964, pictures_per_class=14)
    assert (fitted.dim, fitted.epochs, fitted.loss) == (17, 3, "contrastive")
