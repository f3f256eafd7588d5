"""A classifier's answers to pictures from outside."""

from __future__ import annotations

import numpy as np
import pytest

from siam.engine.classify import KeptClassifier, classify_pictures
from siam.errors import RunError
from siam.pictures.preparation import Preparation


def test_what_is_no_probability_is_refused() -> None:
    """Weights may come from anybody."""
    classifier = KeptClassifier(
        "functional",
        "digits",
        ("0", "1"),
        Preparation("none", (8, 8), 1),
        lambda pictures: np.full((len(pictures), 2), np.nan, np.float32),
    )
    picture = np.zeros((8, 8), np.uint8)
    with pytest.raises(RunError, match="'functional' answers with what is no probability"):
        list(classify_pictures(classifier, [("a.png", picture)]))
