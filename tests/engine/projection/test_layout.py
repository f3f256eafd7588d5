from __future__ import annotations

import numpy as np
import pytest

from siam.engine.projection.layout import lay_out, place_among
from siam.unit_vectors import exact_neighbours


def clusters(count: int, classes: int = 6, dim: int = 16, seed: int = 0):
    """Unit vectors about as many directions, and which each is about."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    directions = np.linalg.qr(random.normal(size=(dim, dim)))[0][:classes]
    vectors = directions[labels] + random.normal(scale=0.15, size=(count, dim))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), labels


def share_of_own_class(places, labels, k: int = 5) -> float:
    """The share of each place's nearest k that are of its class, by every distance there is."""
    apart = ((places[:, None].astype(float) - places[None]) ** 2).sum(axis=2)
    np.fill_diagonal(apart, np.inf)
    return float((labels[np.argsort(apart, axis=1)[:, :k]] == labels[:, None]).mean())


@pytest.mark.slow
def test_what_is_near_stays_near_and_a_seed_fixes_the_map():
    vectors, labels = clusters(300)
    told = []
    places = lay_out(vectors, seed=1, progress=lambda *step: told.append(step))
    assert places.dtype == np.float32 and places.shape == (300, 2)
    assert share_of_own_class(places, labels) > 0.95  # by chance 0.17
    # Within a class too: half of the ten nearest are among the thirty nearest on the map.
    near = exact_neighbours(vectors, vectors, 10, same_set=True).positions
    apart = ((places[:, None] - places[None]) ** 2).sum(axis=2)
    shown = np.argsort(apart, axis=1)[:, :31]
    assert np.mean([len({*a} & {*b}) / 10 for a, b in zip(near, shown, strict=True)]) > 0.5
    assert [step for step in told if step[0] == "Placing pictures"][-1][1:] == (350, 350)
    np.testing.assert_array_equal(lay_out(vectors, seed=1), places)


def test_a_few_are_laid_out_by_their_principal_components():
    vectors, labels = clusters(40, classes=2)
    places = lay_out(vectors)
    assert places.min() == 0 and places.max() == 1
    assert share_of_own_class(places, labels) == 1.0


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_hardly_any_have_places_too(count):
    places = lay_out(clusters(count, dim=8)[0])
    assert places.shape == (count, 2) and np.isfinite(places).all()
    assert len(np.unique(places, axis=0)) == count


def test_the_same_picture_many_times_lies_in_one_place():
    assert len(np.unique(lay_out(np.tile(np.eye(1, 4, dtype=np.float32), (20, 1))), axis=0)) == 1


def test_a_neighbour_elsewhere_does_not_draw_it_into_the_empty_space():
    places = np.array([[[0.1, 0.1], [0.12, 0.1], [0.9, 0.9], [0.1, 0.14]]], np.float32)
    found = place_among(places, np.full((1, 4), 0.3, np.float32))
    assert (found < 0.15).all()


def test_a_copy_lies_where_its_like_does_and_who_has_no_neighbour_lies_nowhere():
    places = np.array([[[0.5, 0.6], [0.1, 0.1], [0.1, 0.1]], [[np.nan, np.nan]] * 3], np.float32)
    found = place_among(places, np.array([[0.0, 0.2, 0.2], [0.1, 0.2, 0.3]], np.float32))
    np.testing.assert_allclose(found[0], [0.5, 0.6])
    assert np.isnan(found[1]).all()
