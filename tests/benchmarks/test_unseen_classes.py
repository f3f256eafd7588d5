"""Scores of held-out classes, fewer of them than the usual five ways."""

from __future__ import annotations

import dataclasses
import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from siam.datasets.dataset import Dataset, Split

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def unseen_classes(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("unseen_classes")


def split(*labels: int) -> Split:
    """Four pictures of each label, which is what they show."""
    told = np.repeat(np.array(labels), 4)
    pictures = np.zeros((len(told), 8, 8, 1), np.uint8)
    pictures[np.arange(len(told)), told, told] = 255
    return Split(pictures, told, tuple(map(str, range(len(told)))))


@pytest.mark.parametrize("count", [2, 3])
def test_one_shot_has_as_many_ways_as_classes_were_held_out(
    unseen_classes: Any, count: int
) -> None:
    names = tuple("abcde"[: 2 + count])
    seen, unseen = split(0, 1), split(*range(2, 2 + count))
    dataset = Dataset("d", "here", names[:2], seen, seen, seen, "photo")
    held = dataclasses.replace(dataset, unseen=unseen, unseen_classes=names[2:])
    scores = unseen_classes.judged(lambda shown: shown.reshape(len(shown), -1), held)
    assert scores["ways"] == count
    assert scores["one_shot"] == scores["recall@1"] == 1.0


def test_a_single_held_out_class_is_refused(unseen_classes: Any) -> None:
    seen = split(0, 1)
    dataset = Dataset("d", "here", ("a", "b"), seen, seen, seen, "photo")
    held = dataclasses.replace(dataset, unseen=split(2), unseen_classes=("c",))
    with pytest.raises(SystemExit, match="single class"):
        unseen_classes.judged(lambda shown: shown.reshape(len(shown), -1), held)
