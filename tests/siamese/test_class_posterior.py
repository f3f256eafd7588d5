"""Class posteriors as an embedding: logistic regression's probabilities, as a tower."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from siam.siamese.class_posterior import STRENGTH, fit_posterior


@pytest.mark.parametrize("classes", [2, 4])
def test_its_squares_are_the_probabilities_of_logistic_regression(classes: int) -> None:
    rng = np.random.default_rng(classes)
    labels = np.arange(60) % classes
    rows = rng.normal(size=(60, 5)).astype(np.float32)
    rows[:, 0] += labels
    asked = rng.normal(size=(9, 5)).astype(np.float32)
    scale = StandardScaler().fit(rows)
    regression = LogisticRegression(C=STRENGTH).fit(scale.transform(rows), labels)
    expected = regression.predict_proba(scale.transform(asked))
    embedding = fit_posterior(rows, labels).predict(asked, verbose=0)
    np.testing.assert_allclose(np.square(embedding), expected, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(embedding, axis=1), 1, rtol=1e-6)


def test_rows_far_out_have_a_posterior_too() -> None:
    rows = np.float32([[0, 0], [1, 1], [0, 1], [1, 0]])
    tower = fit_posterior(rows, np.array([0, 1, 0, 1]))
    far = tower.predict(np.float32([[1e6, 0], [-1e6, 0]]), verbose=0)
    np.testing.assert_allclose(far, [[0, 1], [1, 0]], atol=1e-6)


def test_a_feature_that_never_varies_tells_nothing() -> None:
    rows = np.float32([[0, 7], [1, 7], [0, 7], [1, 7]])
    tower = fit_posterior(rows, np.array([0, 1, 0, 1]))
    plain, other = tower.predict(np.float32([[1, 7], [1, 7.01]]), verbose=0)
    np.testing.assert_allclose(plain, other, atol=1e-3)
