"""Without a run, networks are trained that each judge the pictures that they did not see."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

import siam
from siam.datasets.digits import load_digits
from siam.engine.audit import embeddings
from siam.engine.recipe_choice import choose_training


@pytest.mark.slow
@pytest.mark.usefixtures("runs")
def test_networks_that_saw_none_find_a_wrong_label(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digits = load_digits(seed=0).train.take(np.arange(400))
    labels = digits.labels.copy()
    labels[10] = (labels[10] + 1) % 10
    np.savez(tmp_path / "digits.npz", x=digits.pictures, y=labels)
    few = partial(choose_training, overrides={"epochs": "20"})
    monkeypatch.setattr(embeddings, "choose_training", few)
    told: list[str] = []
    found = siam.audit(tmp_path / "digits.npz", folds=2, notice=told.append)
    assert found.run is None and told == [
        "No run judges: 2 networks are trained, each without a part to judge."
    ]
    assert not found.trained_on.any()
    order = np.argsort(-found.quality.log_odds)[:5]
    assert found.pictures.keys.index("digits/10") in order
