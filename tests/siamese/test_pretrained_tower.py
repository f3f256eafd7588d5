"""The pretrained tower: its parts, their shares, one graph that is saved and exported."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from siam.siamese.backbone import load_backbone
from siam.siamese.backbone_cut import tuned_tower, with_maps
from siam.siamese.class_posterior import fit_posterior
from siam.siamese.export import export_litert
from siam.siamese.network import load_network, siamese_network, tower_of
from siam.siamese.oriented_gradients import join_gradients
from siam.siamese.pretrained_tower import (
    fit_components,
    head_tower,
    joined_tower,
    resized_tower,
    take_apart,
)
from siam.siamese.test_time_augmentation import average_test_time_views
from siam.siamese.towers import small_tower
from siam.siamese.whitening import unit_rows, within_class_axes

PICTURES = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 1), dtype=np.uint8)
SHARES = {
    "raw": 0.1,
    "whitened": 0.1,
    "features": 0.1,
    "head": 0.1,
    "posterior": 0.1,
    "tuned": 0.2,
    "own": 0.3,
}


def embedded(model: keras.Model, shown: np.ndarray) -> np.ndarray:
    return np.asarray(model.predict(shown.astype(np.float32), verbose=0))


@pytest.fixture
def tower(deep_backbone_file: Path) -> keras.Model:
    backbone = load_backbone(deep_backbone_file).model
    features = embedded(backbone, np.repeat(PICTURES, 3, axis=-1))
    components = fit_components(features)
    tuned = tuned_tower(backbone, components, head_tower((19,), 8))
    # As if it had been trained: no longer the weights of the backbone.
    tuned.set_weights([one * np.float32(1.1) for one in tuned.get_weights()])
    labels = np.arange(20) % 3
    return joined_tower(
        (32, 32, 1),
        backbone,
        components,
        shares=SHARES,
        head=head_tower((19,), 8),
        posterior=fit_posterior(features, labels),
        own=resized_tower(small_tower((16, 16, 1), 8), (32, 32, 1)),
        whitening=within_class_axes(unit_rows(features), labels).whiten(0.3),
        tuned=tuned,
    )


def test_components_are_centred_uncorrelated_and_in_order() -> None:
    rows = np.random.default_rng(0).normal(5, 2, (200, 4)).astype(np.float32)
    rows[:, 1] += 2 * rows[:, 0]
    found = fit_components(rows).apply(rows)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-4)
    spread = np.cov(found.T)
    np.testing.assert_allclose(spread, np.diag(np.diag(spread)), atol=1e-3)
    assert (np.diff(np.diag(spread)) < 0).all()


def test_a_feature_that_never_varied_in_training_is_left_out() -> None:
    rows = np.random.default_rng(0).normal(5, 2, (200, 3)).astype(np.float32)
    rows[:, 2] = 1.0
    components = fit_components(rows)
    assert components.kernel.shape == (3, 2)
    strange = rows + np.float32([0, 0, 50])
    np.testing.assert_allclose(components.apply(strange), components.apply(rows), atol=1e-3)


def test_the_squared_distance_is_the_shares_sum_of_the_parts(tower: keras.Model) -> None:
    parts = {
        name: keras.Model(tower.input, tower.get_layer(f"{name}_share").output) for name in SHARES
    }
    whole = embedded(tower, PICTURES)
    np.testing.assert_allclose(np.linalg.norm(whole, axis=1), 1, rtol=1e-5)
    squares = {
        name: np.square(rows[1:] - rows[0]).sum(axis=1)
        for name, rows in ((name, embedded(part, PICTURES)) for name, part in parts.items())
    }
    np.testing.assert_allclose(
        np.square(whole[1:] - whole[0]).sum(axis=1), sum(squares.values()), rtol=1e-4
    )
    for name, part in parts.items():  # each of a length that is the root of its share
        lengths = np.linalg.norm(embedded(part, PICTURES), axis=1)
        np.testing.assert_allclose(lengths, SHARES[name] ** 0.5, rtol=1e-4)


def test_a_part_without_a_share_is_left_out(backbone_file: Path) -> None:
    backbone = load_backbone(backbone_file).model
    components = fit_components(embedded(backbone, np.repeat(PICTURES, 3, axis=-1)))
    shares = {"features": 1.0, "head": 0.0}
    tower = joined_tower(
        (32, 32, 1), backbone, components, shares=shares, head=head_tower((19,), 8)
    )
    assert tower.output_shape == (None, 19)


def test_it_comes_apart_into_what_it_was_joined_from(tower: keras.Model, tmp_path: Path) -> None:
    siamese_network(tower).save(tmp_path / "model.keras")
    parts = take_apart(tower_of(load_network(tmp_path / "model.keras")))
    assert parts.backbone is not None and parts.backbone.input_shape == (None, 32, 32, 3)
    assert parts.components is not None and parts.components.kernel.shape[1] == 19
    for name, part in (("own", parts.own), ("head", parts.head)):
        assert part is not None
        shown = keras.Model(tower.input, tower.get_layer(f"{name}_share").output)
        features = embedded(parts.backbone, np.repeat(PICTURES, 3, axis=-1))
        rows = PICTURES if name == "own" else parts.components.apply(features)
        np.testing.assert_allclose(
            embedded(part, rows) * SHARES[name] ** 0.5, embedded(shown, PICTURES), atol=1e-5
        )
    assert parts.tuned is not None and len(parts.backbone.outputs) == 1
    _, maps = with_maps(parts.backbone).predict_on_batch(np.repeat(PICTURES, 3, -1).astype("f4"))
    shown = keras.Model(tower.input, tower.get_layer("tuned_share").output)
    np.testing.assert_allclose(
        embedded(parts.tuned, maps) * SHARES["tuned"] ** 0.5, embedded(shown, PICTURES), atol=1e-5
    )
    assert parts.whitening is not None
    whitened = unit_rows(parts.whitening.apply(unit_rows(features))) * SHARES["whitened"] ** 0.5
    shown = keras.Model(tower.input, tower.get_layer("whitened_share").output)
    np.testing.assert_allclose(whitened, embedded(shown, PICTURES), atol=1e-4)
    alone = small_tower((16, 16, 1), 8)
    assert take_apart(alone).own is alone
    around = join_gradients(average_test_time_views(alone, views=5), share=0.5)
    assert take_apart(around).own is alone


@pytest.mark.slow
def test_saved_and_exported_it_answers_alike(tower: keras.Model, tmp_path: Path) -> None:
    siamese_network(tower).save(tmp_path / "model.keras")
    again = tower_of(load_network(tmp_path / "model.keras"))
    expected = embedded(tower, PICTURES)
    np.testing.assert_array_equal(embedded(again, PICTURES), expected)
    assert export_litert(tower, tmp_path / "encoder.tflite", PICTURES).holds


@pytest.mark.parametrize("side", [32, 64, 72, 16])
def test_larger_pictures_are_averaged_down(side: int) -> None:
    small = keras.Sequential([keras.Input((16, 16, 1)), keras.layers.Flatten()])
    ramp = np.linspace(0, 255, side, dtype=np.float32).reshape(1, 1, side, 1)
    answer = embedded(resized_tower(small, (side, side, 1)), np.repeat(ramp, side, axis=1))
    rows = answer.reshape(16, 16)
    np.testing.assert_allclose(rows, rows[:1].repeat(16, axis=0), atol=1e-3)
    np.testing.assert_allclose(rows[0], np.linspace(8, 247, 16), atol=9)
    assert (np.diff(rows[0]) > 0).all()
