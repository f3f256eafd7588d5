"""What a name stands for where pictures are asked for: a split, as the training divided it."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import pytest

from siam.engine.inputs import open_input
from siam.errors import UsageError
from siam.runs import held_out
from siam.runs.config import BaseTable, DataChoice, load_config
from siam.runs.held_out import load_held_out


def test_the_classes_that_the_run_held_out_are_a_split(trained: Path) -> None:
    config = load_config(trained)
    config = dataclasses.replace(config, data=DataChoice(holdout_classes=("8", "9")))
    for split, classes in (("unseen", set("89")), ("test", set("01234567"))):
        opened = open_input(f"digits:{split}", config, standard_input=io.BytesIO())
        batches = opened.batches(range(len(opened.keys)))
        assert {label for batch in batches for label in batch.labels} == classes
    other = dataclasses.replace(config, source="another data set")
    with pytest.raises(UsageError, match="no split 'unseen'"):
        open_input("digits:unseen", other, standard_input=io.BytesIO())


def test_a_training_that_went_on_leaves_each_picture_in_the_split_that_it_was_in(
    run_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = dataclasses.replace(load_config(run_copy), base=BaseTable(run="old", sha256="0" * 64))
    test, validation = load_held_out(run_copy)  # as if by another seed
    monkeypatch.setattr(held_out, "load_held_out", lambda run: (validation, test))
    for split, pictures in (("test", test), ("validation", validation)):
        opened = open_input(f"digits:{split}", config, standard_input=io.BytesIO(), run=run_copy)
        assert sorted(opened.keys) == sorted(pictures.origins)
    opened = open_input("digits:train", config, standard_input=io.BytesIO(), run=run_copy)
    assert len(opened.keys) == 1797 - len(test) - len(validation)
