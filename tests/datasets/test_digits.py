from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
import pytest

from siam.datasets.dataset import Dataset
from siam.datasets.digits import load_digits
from siam.errors import MissingExtraError
from siam.pictures.framing import frame_few_pixels


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_digits()


def test_all_1797_digits_in_disjoint_splits(
    digits: Dataset, assert_disjoint: Callable[[Dataset], None]
) -> None:
    assert (len(digits.train), len(digits.validation), len(digits.test)) == (1259, 179, 359)
    assert digits.picture_shape == (28, 28, 1)
    assert digits.prepare == "digit"
    assert digits.source == "scikit-learn"
    assert_disjoint(digits)


def test_every_picture_has_the_form_of_mnist(digits: Dataset) -> None:
    pictures = digits.train.pictures[..., 0]
    rows = (pictures > 32).any(axis=2)
    columns = (pictures > 32).any(axis=1)
    tallest = np.maximum(rows.sum(axis=1), columns.sum(axis=1))
    assert tallest.max() <= 20
    assert np.median(tallest) >= 19
    assert pictures.max(axis=(1, 2)).min() > 150  # white ink
    assert (pictures == 0).mean() > 0.6  # on black
    mass = pictures / pictures.sum(axis=(1, 2), keepdims=True)
    place = np.arange(28) + 0.5
    for axis in (1, 2):
        centre = (mass.sum(axis=3 - axis) * place).sum(axis=1)
        assert np.abs(centre - 14).max() <= 0.75


def test_a_bar_is_scaled_to_the_box_and_centred() -> None:
    bar = np.zeros((8, 8), np.float32)
    bar[:, 1:3] = 255
    picture = frame_few_pixels(bar)
    assert picture.dtype == np.uint8
    rows, columns = np.nonzero(picture > 127)
    assert rows.max() - rows.min() + 1 in (18, 19, 20)
    assert columns.max() - columns.min() + 1 in (4, 5, 6)
    assert abs(rows.mean() - 13.5) <= 0.5
    assert abs(columns.mean() - 13.5) <= 0.5


def test_seed_fixes_the_split(digits: Dataset) -> None:
    assert load_digits(seed=0).fingerprint == digits.fingerprint
    assert load_digits(seed=1).fingerprint != digits.fingerprint


def test_without_scikit_learn_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(MissingExtraError, match=r"siam\[train\]"):
        load_digits()
