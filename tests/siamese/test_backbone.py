"""Backbones: what is loaded, what is refused, features computed once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from siam.errors import DataError
from siam.siamese import backbone_features
from siam.siamese.backbone import backbone_at_hand, load_backbone
from siam.siamese.backbone_cut import copy_upper, with_maps
from siam.siamese.backbone_features import compute_features, keep_features
from siam.training import keras_file

PICTURES = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)


def test_a_backbone_says_its_side_and_is_frozen(backbone_file: Path) -> None:
    backbone = load_backbone(backbone_file)
    assert (backbone.name, backbone.side) == ("squares", 32)
    assert not backbone.model.trainable_weights
    assert len(backbone.hash) == 64


@pytest.mark.parametrize(
    ("shape", "flat", "reason"),
    [
        ((32, 32, 1), True, "it takes (None, 32, 32, 1)"),
        ((32, 40, 3), True, "it takes (None, 32, 40, 3)"),
        ((8, 8, 3), True, "side of 32 to 512"),
        ((32, 32, 3), False, "it gives (None, 32, 32, 3)"),
    ],
)
def test_another_network_is_refused(
    shape: tuple[int, int, int], flat: bool, reason: str, tmp_path: Path
) -> None:
    inputs = keras.Input(shape)
    outputs = layers.Flatten()(inputs) if flat else layers.ReLU()(inputs)
    path = tmp_path / "other.keras"
    keras.Model(inputs, outputs).save(path)
    with pytest.raises(DataError) as caught:
        load_backbone(path)
    assert reason in caught.value.problem


def test_what_is_no_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "words.keras"
    path.write_text("no network")
    for wrong in (path, tmp_path / "missing.keras"):
        with pytest.raises(DataError, match="no backbone that can be loaded"):
            load_backbone(wrong)


def test_a_file_that_unpacks_to_too_much_is_refused(
    backbone_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keras_file, "MOST_BYTES", 100)
    with pytest.raises(DataError, match="it unpacks to"):
        load_backbone(backbone_file)


def test_a_lambda_layer_is_not_run(tmp_path: Path) -> None:
    path = tmp_path / "lambda.keras"
    code = layers.Lambda(lambda x: x[:, 0, 0, :], output_shape=(3,))
    keras.Sequential([keras.Input((32, 32, 3)), code]).save(path)
    with pytest.raises(DataError, match="no backbone that can be loaded"):
        load_backbone(path)


def test_without_a_file_and_without_a_network_the_cure_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))

    def no_network(**_: Any) -> None:
        print("Downloading")
        raise Exception("URL fetch failure on somewhere: None -- no route")

    monkeypatch.setattr(keras.applications, "EfficientNetV2B0", no_network)
    assert not backbone_at_hand(None)
    with pytest.raises(DataError, match="could not be downloaded") as caught:
        load_backbone()
    assert "--weights" in caught.value.cure
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "Downloading\n")  # stdout is for answers


def test_the_downloaded_one_is_used_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "efficientnetv2-b0_notop.h5").write_bytes(b"weights")
    made = keras.applications.EfficientNetV2B0
    # The graph is Keras' own, and its weights those that it is asked for.
    monkeypatch.setattr(
        keras.applications,
        "EfficientNetV2B0",
        lambda *, weights, **options: made(weights=None if weights == "imagenet" else 1, **options),
    )
    assert backbone_at_hand(None)
    backbone = load_backbone()
    assert (backbone.name, backbone.side) == ("efficientnetv2-b0", 224)
    assert backbone.model.output_shape == (None, 1280)


def test_grey_pictures_are_shown_as_colour(backbone_file: Path) -> None:
    model = load_backbone(backbone_file).model
    grey = PICTURES[..., :1]
    features = compute_features(model, grey)
    assert features.shape == (5, 192) and features.dtype == np.float32
    np.testing.assert_array_equal(features, compute_features(model, np.repeat(grey, 3, -1)))


def test_features_are_computed_once(
    backbone_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backbone, path = load_backbone(backbone_file), tmp_path / "train.npz"
    first = keep_features(backbone, PICTURES, path).features
    others = keep_features(backbone, PICTURES[::-1], tmp_path / "other.npz")
    assert others.maps is None
    np.testing.assert_allclose(others.features, first[::-1], rtol=1e-6)
    path.write_bytes(path.read_bytes()[:100])  # a damaged file is made anew
    np.testing.assert_array_equal(keep_features(backbone, PICTURES, path).features, first)
    with np.load(path) as content:  # and a forged one
        key = content["key"]
    np.savez(path, key=key, features=np.full((len(PICTURES), 3), np.nan))
    np.testing.assert_array_equal(keep_features(backbone, PICTURES, path).features, first)

    def computed(*_: Any, **__: Any) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr(backbone_features, "show", computed)
    np.testing.assert_array_equal(keep_features(backbone, PICTURES, path).features, first)
    with pytest.raises(AssertionError, match="computed again"):
        keep_features(backbone, PICTURES[::-1], path)


def test_maps_are_kept_beside_them(deep_backbone_file: Path, tmp_path: Path) -> None:
    backbone, path = load_backbone(deep_backbone_file), tmp_path / "train.npz"
    alone = keep_features(backbone, PICTURES, path)
    both = keep_features(backbone, PICTURES, path, maps=True)  # the file has none
    np.testing.assert_array_equal(both.features, alone.features)
    assert both.maps is not None and both.maps.dtype == np.float16
    expected = with_maps(backbone.model).predict_on_batch(PICTURES.astype(np.float32))[1]
    np.testing.assert_array_equal(both.maps, np.asarray(expected).astype(np.float16))
    again = keep_features(backbone, PICTURES, path, maps=True)
    np.testing.assert_array_equal(again.maps, both.maps)
    upper = copy_upper(backbone.model)
    np.testing.assert_allclose(compute_features(upper, both.maps), alone.features, atol=2e-3)


def test_every_batch_is_of_one_size(
    deep_backbone_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load_backbone(deep_backbone_file).model
    pictures = np.random.default_rng(1).integers(0, 256, (35, 32, 32, 3), np.uint8)
    predict, shown = model.predict_on_batch, []
    expected = predict(pictures.astype(np.float32))

    def watch(batch: np.ndarray) -> Any:
        shown.append(len(batch))
        return predict(batch)

    monkeypatch.setattr(model, "predict_on_batch", watch)
    np.testing.assert_allclose(compute_features(model, pictures), expected, atol=1e-5)
    assert len(shown) == 2 and len(set(shown)) == 1  # another would be compiled anew
