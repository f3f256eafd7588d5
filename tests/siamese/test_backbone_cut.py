"""A backbone's cut: where it is, what is above it, and that what is below stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from siam.datasets.dataset import Split
from siam.recipe import Recipe
from siam.siamese.backbone import load_backbone
from siam.siamese.backbone_cut import MOST_SHARE, copy_upper, find_cut, tuned_tower, with_maps
from siam.siamese.network import TOWER, tower_of
from siam.siamese.pretrained_tower import fit_components, head_tower
from siam.siamese.step_time import layer_work
from siam.siamese.training import train_network

RNG = np.random.default_rng(0)
PICTURES = RNG.integers(0, 256, (12, 32, 32, 3)).astype(np.float32)


@pytest.fixture
def backbone(deep_backbone_file: Path) -> keras.Model:
    return load_backbone(deep_backbone_file).model


def search_cut(model: keras.Model) -> int | None:
    """Find by brute force the position of what a cut is behind: take each operation away."""
    operations = model.operations
    places = {id(one.output): place for place, one in enumerate(operations)}
    into = [[places[id(t)] for t in keras.tree.flatten(one.input)] for one in operations]
    into[0] = []
    end = places[id(model.outputs[0])]

    def behind(start: int) -> set[int]:
        """Everything that is computed from what an operation gives."""
        reached = {start}
        for place in range(start + 1, len(operations)):
            if reached & set(into[place]):
                reached.add(place)
        return reached

    def passes_by(gone: int) -> bool:
        """Say whether the picture still reaches the features without an operation."""
        reached = {0}
        for place in range(1, len(operations)):
            if place != gone and reached & set(into[place]):
                reached.add(place)
        return end in reached

    whole = sum(map(layer_work, operations))
    found = []
    for place in range(1, len(operations)):
        above = sum(layer_work(operations[one]) for one in behind(place) - {place})
        shape = operations[place].output.shape
        if len(shape) == 4 and not passes_by(place) and 0 < above <= MOST_SHARE * whole:
            found.append((int(np.prod(shape[1:])), place))
    return min(found)[1] if found else None


def plain(skip: bool) -> keras.Model:
    """Return convolutions in a row, the last two with a way around them."""
    picture = keras.Input((16, 16, 3))
    x = layers.Conv2D(32, 3, padding="same")(picture)
    x = layers.Conv2D(4, 3, padding="same")(x)
    around = x
    x = layers.Conv2D(16, 1)(x)
    x = layers.Conv2D(4, 1)(x)
    if skip:
        x = x + around  # an operation, no layer
    return keras.Model(picture, layers.GlobalMaxPooling2D()(x))


def around_everything() -> keras.Model:
    """Return a network of which no map is all that its features are computed from."""
    picture = keras.Input((16, 16, 3))
    x = layers.Conv2D(32, 3, padding="same")(picture)
    x = layers.Conv2D(32, 3, padding="same")(x)
    x = layers.Conv2D(3, 1)(x)
    return keras.Model(picture, layers.GlobalMaxPooling2D()(layers.Add()([x, picture])))


@pytest.mark.parametrize("make", [partial(plain, True), partial(plain, False), around_everything])
def test_it_is_where_brute_force_finds_it(make: Callable[[], keras.Model]) -> None:
    model = make()
    cut, place = find_cut(model), search_cut(model)
    assert (cut is None) == (place is None) == (make is around_everything)
    assert place is None or cut is model.operations[place].output


def test_keras_own_network_is_cut_below_whole_blocks() -> None:
    model = keras.applications.EfficientNetV2B0(
        include_top=False, pooling="avg", input_shape=(64, 64, 3), weights=None
    )
    cut = find_cut(model)
    assert cut is not None and cut is model.operations[search_cut(model) or 0].output
    assert cut is model.get_layer("block6e_add").output


def test_what_cannot_be_cut_is_told(backbone_file: Path) -> None:
    assert find_cut(load_backbone(backbone_file).model) is None  # it has no weights
    twice = layers.Conv2D(3, 3, padding="same")
    picture = keras.Input((16, 16, 3))
    x = layers.Conv2D(4, 1)(twice(twice(picture)))
    shared = keras.Model(picture, layers.GlobalMaxPooling2D()(x))
    assert find_cut(shared) is None


def test_maps_and_the_upper_layers_are_the_whole(backbone: keras.Model) -> None:
    # Statistics that batches of these pictures do not have.
    norm = next(one for one in backbone.layers if isinstance(one, layers.BatchNormalization))
    norm.set_weights([np.abs(RNG.normal(1, 0.3, one.shape)) for one in norm.get_weights()])
    features, maps = with_maps(backbone).predict_on_batch(PICTURES)
    assert maps.shape == (12, 7, 7, 8)
    expected = backbone.predict_on_batch(PICTURES)
    np.testing.assert_array_equal(features, expected)
    upper = copy_upper(backbone)
    np.testing.assert_allclose(upper.predict_on_batch(maps), expected, atol=1e-5)
    # In training it gives the same, since its statistics stay.
    learning = keras.ops.convert_to_numpy(upper(maps, training=True))
    np.testing.assert_allclose(learning, expected, atol=1e-5)
    assert len(upper.trainable_weights) == 2  # the convolution's
    assert not backbone.trainable_weights


def test_only_the_copies_are_trained(backbone: keras.Model, tmp_path: Path) -> None:
    features, maps = with_maps(backbone).predict_on_batch(PICTURES)
    components = fit_components(features)
    head = head_tower((len(components.bias),), 4)
    before = [one.copy() for one in (*backbone.get_weights(), *head.get_weights())]
    labels = np.arange(12) % 3
    split = Split(maps.astype(np.float16), labels, tuple(map(str, range(12))))
    recipe = Recipe(
        loss="supervised-contrastive",
        precision="float32",
        optimizer="adamw",
        learning_rate=1e-2,
        epochs=2,
        clean_epochs=1.0,
        classes_per_batch=3,
        pictures_per_class=2,
    )
    trained = train_network(
        split,
        split,
        recipe=recipe,
        seed=0,
        folder=tmp_path,
        on_device=False,
        build=lambda _: tuned_tower(backbone, components, head, name=TOWER),
    )
    after = (*backbone.get_weights(), *head.get_weights())
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other)
    tower = tower_of(trained.network)
    np.testing.assert_array_equal(
        tower.get_layer("tuned_components").get_weights()[0], components.kernel
    )
    untrained = tuned_tower(backbone, components, head)
    for name, changed in (("upper", [True] * 2 + [False] * 4), ("tuned_head", None)):
        pairs = zip(
            untrained.get_layer(name).get_weights(),
            tower.get_layer(name).get_weights(),
            strict=True,
        )
        differs = [not np.array_equal(was, now) for was, now in pairs]
        assert differs == changed if changed else differs[0]
    lengths = np.linalg.norm(tower.predict_on_batch(maps), axis=1)
    np.testing.assert_allclose(lengths, 1, rtol=1e-5)
