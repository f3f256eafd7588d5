"""What a run that goes on may be given again, and what is refused with the recorded value."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from siam.engine.recorded_choices import refuse_changes
from siam.errors import UsageError
from siam.pictures.preparation import Preparation
from siam.recipe import Recipe
from siam.runs.config import DataChoice, RunConfig, TrainChoice, dataset_word

CONFIG = RunConfig(
    data=DataChoice(dataset="digits", holdout_classes=("8", "9")),
    train=TrainChoice(preset="quick", overrides={"epochs": "2"}, seed=4),
    recipe=Recipe(epochs=2, precision="float32"),
    name="digits",
    source="scikit-learn",
    fingerprint="ebfd",
    classes=("0", "1"),
    groups=(),
    preparation=Preparation("digit", (28, 28), 1),
)


def refuse(data: dict[str, Any], overrides: dict[str, str], options: dict[str, Any]) -> None:
    """Ask of the run what the command line would."""
    refuse_changes("cut", CONFIG, DataChoice(**data), {**options, "overrides": overrides})


@pytest.mark.parametrize(
    ("data", "overrides", "options"),
    [
        ({}, {}, {}),
        ({"dataset": "digits", "size": 28, "prepare": "digit"}, {}, {"preset": "quick"}),
        ({"prepare": "auto"}, {}, {}),
        ({"holdout_classes": ("8", "9")}, {"epochs": "2"}, {"seed": 4, "patience": 0}),
        ({"data_dir": "/elsewhere"}, {"precision": "float32", "members": "1"}, {"pairs": "batch"}),
    ],
)
def test_what_agrees_with_the_run_is_welcome(
    data: dict[str, Any], overrides: dict[str, str], options: dict[str, Any]
) -> None:
    refuse(data, overrides, options)


@pytest.mark.parametrize(
    ("data", "overrides", "options", "recorded"),
    [
        ({"dataset": "mnist"}, {}, {}, "dataset=digits, received mnist"),
        ({"size": 64}, {}, {}, "size=28, received 64"),
        ({"prepare": "photo"}, {}, {}, "prepare=digit, received photo"),
        ({}, {}, {"preset": "balanced"}, "preset=quick, received balanced"),
        ({}, {}, {"seed": 0}, "seed=4, received 0"),
        ({}, {}, {"minutes": 5.0}, "no minutes, received 5.0"),
        ({}, {"epochs": "3"}, {}, "epochs=2, received 3"),
        ({}, {"precision": "mixed_bfloat16"}, {}, "precision=float32, received mixed_bfloat16"),
        ({}, {"augment.rotation": "20"}, {}, "augment.rotation=0.0, received 20"),
    ],
)
def test_what_differs_is_refused_with_what_is_recorded(
    data: dict[str, Any], overrides: dict[str, str], options: dict[str, Any], recorded: str
) -> None:
    with pytest.raises(UsageError, match=f"'cut' was begun with {recorded}"):
        refuse(data, overrides, options)


@pytest.mark.parametrize(
    ("data", "overrides", "options", "option"),
    [
        ({"dataset": "mnist"}, {}, {}, "the data set"),
        ({"holdout_classes": ("7",)}, {}, {}, "--holdout-classes"),
        ({}, {}, {"patience": 3}, "--patience"),
        ({}, {"epochs": "3"}, {}, "--epochs"),
        ({}, {"precision": "mixed_bfloat16"}, {}, "--set precision"),
    ],
)
def test_a_refusal_names_both_options_that_one_may_leave_out(
    data: dict[str, Any], overrides: dict[str, str], options: dict[str, Any], option: str
) -> None:
    with pytest.raises(UsageError) as refused:
        refuse(data, overrides, options)
    assert refused.value.cure == (
        f"Leave {option} out to go on with this run; leave --resume out to train a new one."
    )


def test_a_data_set_is_the_same_from_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("pets", "digits"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    begun = dataclasses.replace(CONFIG, data=DataChoice(dataset=dataset_word("pets")))
    monkeypatch.chdir(tmp_path.parent)
    refuse_changes("cut", begun, DataChoice(dataset=f"{tmp_path.name}/pets"), {})
    with pytest.raises(UsageError, match="received pets"):
        refuse_changes("cut", begun, DataChoice(dataset="pets"), {})


def test_a_name_of_a_data_set_is_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "digits").mkdir()
    monkeypatch.chdir(tmp_path)
    assert dataset_word("digits") == "digits"
