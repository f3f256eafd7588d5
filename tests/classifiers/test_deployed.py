"""Classifiers kept and opened again: equal answers, and words for files that are not right."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from siam.classifiers.deployed import keras_classifier, open_classifier, save_classifier
from siam.classifiers.features import answer_function
from siam.classifiers.styles import STYLES, build_classifier
from siam.errors import RunError

SHAPE = (12, 12, 1)
PICTURES = np.random.default_rng(0).integers(0, 256, (9, *SHAPE), np.uint8)


# A class of its own is the kind of file that needs siam to be read; the other styles are graphs.
@pytest.mark.parametrize(
    "style",
    [
        pytest.param(style, marks=[] if style == "subclassed" else pytest.mark.slow)
        for style in STYLES
    ],
)
def test_a_kept_classifier_answers_as_the_trained_one(style: str, tmp_path: Path) -> None:
    classifier = build_classifier(style, SHAPE, 4)
    expected, _ = answer_function(classifier)(PICTURES)
    files = save_classifier(classifier, tmp_path, PICTURES)
    forms = {"keras", "tflite"} if keras.backend.backend() == "tensorflow" else {"keras"}
    assert {path.name for path in files} == {f"{style}.{form}" for form in forms}
    for answer in (open_classifier(tmp_path, style), keras_classifier(files[0])):
        np.testing.assert_allclose(answer(PICTURES), expected, atol=1e-5)


def test_a_subclassed_classifier_that_an_earlier_release_saved_answers_as_it_did() -> None:
    """Saved by the code of commit b1f1bd7, with channels and features of its own."""
    classify = keras_classifier(Path(__file__).with_name("old_classifier.keras"))
    pictures = (np.arange(784).reshape(1, 28, 28, 1) % 251).astype(np.uint8)
    np.testing.assert_allclose(classify(pictures), [[0.332416, 0.333310, 0.334274]], atol=1e-5)


def test_a_missing_classifier_names_its_file_and_the_cure(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"sequential\.keras is missing") as error:
        open_classifier(tmp_path, "sequential")
    assert "siam compare" in error.value.cure


def test_a_damaged_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "sequential.keras").write_bytes(b"not a network")
    with pytest.raises(RunError, match=r"sequential\.keras: not a classifier that can be loaded"):
        open_classifier(tmp_path, "sequential")
