"""The scikit-learn estimator: on real digits, in scikit-learn's tools, by scikit-learn's checks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from siam.engine.api.estimator import SiameseEncoder
from siam.errors import UsageError

X, Y = load_digits(return_X_y=True)
FLOAT32 = {"precision": "float32"}
# What scikit-learn checks and pictures cannot fulfil, by the name of the check.
NOT_OF_PICTURES = {
    "check_methods_sample_order_invariance": "float32 sums of a batch in another order differ by "
    "6e-8, and the check allows 1e-9",
}
# A few large batches: each step's operations, one by one, take longer than its sums.
FEW_STEPS = {"dim": 8, "pictures_per_class": 50, "optimizer": "adamw", **FLOAT32}
TINY = SiameseEncoder(epochs=1, overrides=FEW_STEPS, n_neighbors=3)


@pytest.fixture(scope="module")
def encoder() -> SiameseEncoder:
    """Fitted to 600 digits for one epoch."""
    return SiameseEncoder(picture_shape=(8, 8), epochs=1, overrides=FLOAT32).fit(X[:600], Y[:600])


def test_embeddings_and_labels(encoder: SiameseEncoder) -> None:
    embeddings = encoder.transform(X[600:650])
    assert embeddings.shape == (50, 64) and embeddings.dtype == np.float32
    assert np.allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-5)
    assert encoder.score(X[600:], Y[600:]) > 0.7
    assert encoder.get_feature_names_out()[0] == "siameseencoder0"


def test_neighbours(encoder: SiameseEncoder) -> None:
    distances, positions = encoder.kneighbors(X[:5], 3)
    assert np.allclose(distances[:, 0], 0, atol=1e-3)
    assert positions[:, 0].tolist() == [0, 1, 2, 3, 4]
    assert (np.diff(distances, axis=1) >= 0).all()
    own = encoder.kneighbors(return_distance=False)
    assert own.shape == (600, 10)
    assert not (own == np.arange(600)[:, None]).any()


def test_rows_and_pictures_are_one_and_the_same(encoder: SiameseEncoder, tmp_path: Path) -> None:
    rows = encoder.transform(X[:4])
    assert np.array_equal(encoder.transform(X[:4].reshape(4, 8, 8)), rows)
    assert np.array_equal(encoder.transform(X[:4].reshape(4, 8, 8, 1)), rows)
    joblib.dump(encoder, tmp_path / "encoder.joblib")
    assert np.array_equal(joblib.load(tmp_path / "encoder.joblib").transform(X[:4]), rows)


@pytest.mark.slow
def test_labels_may_be_words_and_pictures_rgb() -> None:
    pictures = np.repeat(X[:60].reshape(60, 8, 8, 1) * 15, 3, axis=3).astype(np.uint8)
    words = np.array(["even", "odd"])[Y[:60] % 2]
    encoder = SiameseEncoder(epochs=1, overrides=FLOAT32).fit(pictures, words)
    assert set(encoder.predict(pictures[:9])) <= {"even", "odd"}
    assert encoder.classes_.tolist() == ["even", "odd"]


@pytest.mark.parametrize(
    ("shape", "pictures", "words"),
    [
        ((9, 9), X[:20], "holds 81 numbers, X has 64 features"),
        (None, np.zeros((20, 8, 8, 2), np.uint8), "1 or 3 channels"),
        (None, np.zeros((20, 8, 8, 1, 1), np.uint8), "received an array of shape"),
    ],
)
def test_what_is_no_picture(shape: tuple[int, int], pictures: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SiameseEncoder(picture_shape=shape).fit(pictures, Y[:20])


@pytest.mark.parametrize(
    ("tower", "words"),
    [("pretrained", "trains siam's own towers alone"), ("vast", "cannot be 'vast'")],
)
def test_a_tower_that_it_cannot_train_is_refused(tower: str, words: str) -> None:
    encoder = SiameseEncoder(overrides={"tower": tower})
    with pytest.raises(UsageError, match=words):
        encoder.fit(np.zeros((4, 8, 8), np.uint8), ["a", "a", "b", "b"])


def test_one_class_alone_is_refused() -> None:
    with pytest.raises(ValueError, match="2 classes or more, received 1 class"):
        SiameseEncoder().fit(X[:5], np.zeros(5))


@pytest.mark.slow
def test_in_a_pipeline_and_in_cross_validation() -> None:
    pipeline = make_pipeline(MinMaxScaler(), SiameseEncoder(epochs=1, overrides=FLOAT32))
    scores = cross_val_score(pipeline, X[:600], Y[:600], cv=2)
    assert scores.shape == (2,) and scores.min() > 0.5


@pytest.fixture
def eagerly() -> Iterator[None]:
    """Train without tracing, which would take longer than all the checks."""
    import tensorflow

    tensorflow.config.run_functions_eagerly(True)
    yield
    tensorflow.config.run_functions_eagerly(False)


@pytest.mark.slow
@pytest.mark.usefixtures("eagerly")
@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(
    [TINY], expected_failed_checks=lambda _: NOT_OF_PICTURES, xfail_strict=False
)
def test_scikit_learns_own_checks(estimator: Any, check: Any) -> None:
    check(estimator)
