"""What was forgotten, asked of a run that has not changed, and told in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from siam.engine.fine_tuning.base import open_base
from siam.engine.fine_tuning.forgetting import describe, measure_forgetting
from siam.engine.open_run import open_run
from siam.progress import silent
from siam.run_files import METRICS_FILE


def test_a_run_that_is_as_it_was_has_forgotten_nothing(run_copy: Path) -> None:
    with open_run("digits") as run:
        figures = measure_forgetting(open_base("digits"), run, silent)
    known = json.loads((run_copy / METRICS_FILE).read_bytes())
    for key, block, name in (
        ("recall@1", "retrieval", "recall@1"),
        ("pair_accuracy", "pairs", "accuracy"),
    ):
        before, after = figures[key]["before"], figures[key]["after"]
        assert before == after == pytest.approx(known[block][name], abs=1e-9)
    assert not figures["labels_added"] and not figures["labels_gone"]


def test_a_label_that_is_gone_is_told() -> None:
    figures = {
        "run": "pets",
        "test_pictures": 1200,
        "recall@1": {"before": None, "after": None},
        "pair_accuracy": {"before": 0.99, "after": 0.975},
        "labels_gone": ["cat"],
    }
    assert describe(figures) == (
        "Of the 1,200 test pictures of 'pets' 97.50% of pairs are judged rightly, 99.00% before. "
        "Of its labels 1 is gone."
    )
