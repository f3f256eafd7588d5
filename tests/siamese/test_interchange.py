"""Towers in other programs' formats: each is loaded again and answers as Keras does."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from siam.errors import MissingExtraError
from siam.siamese import interchange
from siam.siamese.export import export_litert

PICTURES = np.random.default_rng(1).integers(0, 256, (64, 28, 28, 1), dtype=np.uint8)


@pytest.fixture(scope="module")
def tower() -> Any:
    import keras

    from siam.siamese.towers import small_tower

    keras.utils.set_random_seed(1)
    return small_tower((28, 28, 1), 8, widths=(4, 4, 8, 8))


def test_a_saved_model_answers_as_keras_does(tower: Any, tmp_path: Path) -> None:
    interchange.write_saved_model(tower, tmp_path / "saved")
    answers = interchange.answer_saved_model(tmp_path / "saved", PICTURES)
    np.testing.assert_allclose(answers, tower.predict(PICTURES, verbose=0), atol=1e-5)


def test_onnx_answers_as_keras_does(tower: Any, tmp_path: Path) -> None:
    pytest.importorskip("tf2onnx")
    pytest.importorskip("onnxruntime")
    interchange.write_onnx(tower, tmp_path / "encoder.onnx")
    answers = interchange.answer_onnx(tmp_path / "encoder.onnx", PICTURES)
    np.testing.assert_allclose(answers, tower.predict(PICTURES, verbose=0), atol=1e-5)


@pytest.mark.slow
def test_int8_is_smaller_and_keeps_unit_length(tower: Any, tmp_path: Path) -> None:
    export_litert(tower, tmp_path / "float.tflite", PICTURES)
    interchange.write_litert_int8(tower, tmp_path / "int8.tflite")
    answers = interchange.answer_litert(tmp_path / "int8.tflite", PICTURES)
    np.testing.assert_allclose(np.linalg.norm(answers, axis=1), 1.0, atol=1e-5)
    sizes = [(tmp_path / name).stat().st_size for name in ("int8.tflite", "float.tflite")]
    assert sizes[0] < sizes[1]


@pytest.mark.slow
def test_converters_say_nothing(
    tower: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    interchange.write_saved_model(tower, tmp_path / "saved")
    interchange.write_litert_int8(tower, tmp_path / "int8.tflite")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("missing", ["onnx", "onnxruntime", "tf2onnx"])
def test_onnx_without_its_packages_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == missing else find(name)
    )
    with pytest.raises(MissingExtraError, match=r"pip install 'siam\[onnx\]'"):
        interchange.need_onnx()
