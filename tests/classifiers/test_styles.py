"""One network in three styles: equal outputs at equal weights, equal sizes, files that load."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from siam.classifiers.architecture import FEATURES, WIDTHS
from siam.classifiers.residual import label_alone
from siam.classifiers.styles import STYLES, build_classifier
from siam.siamese.towers import small_tower

SHAPE = (12, 12, 1)
THREE = ("sequential", "functional", "subclassed")


def some_pictures(count: int = 5, shape: tuple[int, int, int] = SHAPE) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, *shape)).astype(np.float32)


def labels_of(model: keras.Model, pictures: np.ndarray) -> np.ndarray:
    return keras.ops.convert_to_numpy(label_alone(model)(pictures))


@pytest.mark.parametrize("style", THREE[1:])
def test_equal_weights_give_equal_outputs(style: str) -> None:
    pattern = build_classifier("sequential", SHAPE, 4)
    other = build_classifier(style, SHAPE, 4)
    rng = np.random.default_rng(1)
    weights = [rng.uniform(0.1, 1, w.shape).astype(np.float32) for w in pattern.get_weights()]
    pattern.set_weights(weights)
    other.set_weights(weights)
    np.testing.assert_allclose(
        labels_of(other, some_pictures()), labels_of(pattern, some_pictures()), atol=1e-6
    )


@pytest.mark.parametrize("style", STYLES)
def test_rows_are_probabilities(style: str) -> None:
    probabilities = labels_of(build_classifier(style, SHAPE, 4), some_pictures())
    assert probabilities.shape == (5, 4)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("style", STYLES)
def test_scaling_is_inside(style: str) -> None:
    model = build_classifier(style, SHAPE, 4)
    assert not np.allclose(
        labels_of(model, some_pictures()), labels_of(model, some_pictures() / 255), atol=1e-6
    )


@pytest.mark.parametrize("style", STYLES)
def test_a_file_loads_with_equal_outputs(style: str, tmp_path: Path) -> None:
    model = build_classifier(style, SHAPE, 4)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False, safe_mode=True)
    assert type(loaded) is type(model)
    np.testing.assert_array_equal(
        labels_of(loaded, some_pictures()), labels_of(model, some_pictures())
    )


def test_the_subclass_is_made_again_from_its_config() -> None:
    model = build_classifier("subclassed", SHAPE, 4)
    again = type(model).from_config(model.get_config())
    assert again.get_config() == model.get_config()
    assert again.num_classes == 4
    assert again.widths == WIDTHS


def test_the_residual_embedding_is_of_unit_length() -> None:
    outputs = build_classifier("residual", SHAPE, 4)(some_pictures())
    embeddings = keras.ops.convert_to_numpy(outputs["embedding"])
    assert embeddings.shape == (5, FEATURES)
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-5)


def test_the_residual_connection_is_there() -> None:
    """With every convolution of a block silenced, its input still comes through."""
    model = build_classifier("residual", SHAPE, 4)
    for layer in model.layers:
        if layer.name.endswith("_convolution"):
            layer.set_weights([np.zeros_like(weight) for weight in layer.get_weights()])
    outputs = keras.ops.convert_to_numpy(model(some_pictures())["embedding"])
    assert np.abs(outputs[0] - outputs[1]).max() > 1e-3


@pytest.mark.parametrize("shape", [(28, 28, 1), (17, 40, 3), (105, 105, 1), (8, 8, 1)])
def test_the_baselines_are_the_small_tower_with_labels(shape: tuple[int, int, int]) -> None:
    def layers_of(model: keras.Model) -> list[tuple[object, ...]]:
        kinds = (keras.layers.Conv2D, keras.layers.MaxPooling2D)
        found = [layer for layer in model.layers if isinstance(layer, kinds)]
        shapes = [(type(layer), layer.output.shape, layer.strides) for layer in found]
        return [*shapes, *(w.shape for layer in found for w in layer.weights)]

    tower = small_tower(shape)
    classifier = build_classifier("functional", shape, 10)
    assert layers_of(classifier) == layers_of(tower)
    assert tower.output_shape[-1] == FEATURES
    assert classifier.count_params() == tower.count_params() + (FEATURES + 1) * 10


@pytest.mark.parametrize("style", STYLES)
def test_impossible_shapes_are_refused(style: str) -> None:
    with pytest.raises(ValueError, match=r"num_classes >= 2, received 1"):
        build_classifier(style, SHAPE, 1)
    with pytest.raises(ValueError, match=r"height, width, channels.*received \(12, 0, 1\)"):
        build_classifier(style, (12, 0, 1), 4)


def test_an_unknown_style_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="'quantum'; there are sequential, functional"):
        build_classifier("quantum", SHAPE, 4)
