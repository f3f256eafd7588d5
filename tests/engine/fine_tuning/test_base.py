"""What a run that is gone on from fixes, and by which recipe its training goes on."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from siam.datasets.dataset import Dataset, Split
from siam.engine.fine_tuning.base import (
    EPOCHS,
    RATE,
    Base,
    fine_tuning_choice,
    fine_tuning_recipe,
    reopen_base,
)
from siam.engine.recipe_choice import choose_training
from siam.engine.training_cost import recipe_for
from siam.errors import RunError, UsageError
from siam.pictures.preparation import Preparation
from siam.recipe import PRETRAINED, Recipe
from siam.run_files import NETWORK_FILE
from siam.runs.config import BaseTable, DataChoice, RunConfig, TowerTable, TrainChoice
from siam.runs.manifest import write_manifest

CONFIG = RunConfig(
    data=DataChoice(dataset="digits"),
    train=TrainChoice(preset="quick", overrides={"epochs": "2"}, seed=4),
    recipe=Recipe(epochs=2, precision="float32", dim=32),
    name="digits",
    source="scikit-learn",
    fingerprint="ebfd",
    classes=("0", "1"),
    groups=(),
    preparation=Preparation("digit", (28, 28), 1),
)
BASE = Base(Path("/runs/digits-1"), CONFIG, BaseTable(run="digits-1", sha256="ab"))
PRETRAINED_BASE = dataclasses.replace(
    BASE,
    config=dataclasses.replace(
        CONFIG, tower=TowerTable(backbone="squares", sha256="cd", shares={"head": 1.0})
    ),
)


def choose(base: Base, asked: dict[str, Any], **data: Any) -> TrainChoice:
    return fine_tuning_choice(base, DataChoice(**data), choose_training(**asked), asked)


@pytest.mark.parametrize(
    ("asked", "data", "recorded"),
    [
        ({"preset": "best"}, {}, "preset=quick, received best"),
        ({"overrides": {"tower": "wide"}}, {}, "tower=small, received wide"),
        ({"overrides": {"dim": "64"}}, {}, "dim=32, received 64"),
        ({}, {"size": 64}, "size=28, received 64"),
        ({}, {"prepare": "photo"}, "prepare=digit, received photo"),
        ({}, {"holdout_classes": ("1",)}, "on the class '1'"),
    ],
)
def test_what_a_network_is_made_of_stays(
    asked: dict[str, Any], data: dict[str, Any], recorded: str
) -> None:
    with pytest.raises(UsageError, match=f"'digits-1' was trained .*{recorded}"):
        choose(BASE, asked, **data)


def test_a_refusal_names_both_options_that_one_may_leave_out() -> None:
    with pytest.raises(UsageError) as refused:
        choose(BASE, {"overrides": {"dim": "64"}})
    assert refused.value.cure == (
        "Leave --set dim out to go on from this run; leave --from out to train from nothing."
    )


def test_whether_there_is_a_backbone_loads_no_keras_which_would_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "siam.siamese.backbone", None)  # whose import now fails
    assert BASE.backbone is None


def test_what_else_is_asked_for_counts() -> None:
    asked = {"preset": "quick", "seed": 7, "overrides": {"augment.rotation": "9", "epochs": "3"}}
    chosen = choose(BASE, asked, dataset="mnist", size=28)
    assert (chosen.preset, chosen.seed) == ("quick", 7)
    assert chosen.overrides == {"augment.rotation": "9"}
    assert choose(BASE, {}).seed == 4


def test_minutes_are_for_towers_of_siams_own() -> None:
    assert choose(BASE, {"minutes": 2.0}).minutes == 2.0
    with pytest.raises(UsageError, match="received 2"):
        choose(PRETRAINED_BASE, {"minutes": 2.0})
    assert choose(PRETRAINED_BASE, {"overrides": {"tower": "pretrained"}}).preset == "quick"


def test_the_recipe_is_shorter_and_gentler_however_often_it_is_gone_on() -> None:
    pictures = Split(np.zeros((1000, 28, 28, 1), np.uint8), np.arange(1000) % 10, ("",) * 1000)
    dataset = Dataset("digits", "", tuple("0123456789"), pictures, pictures, pictures, "digit")
    anew = recipe_for(TrainChoice(preset="quick"), dataset)
    chosen = choose(BASE, {})
    recipe = fine_tuning_recipe(BASE, chosen, dataset, {})
    assert recipe.epochs == np.ceil(anew.epochs * EPOCHS) < anew.epochs
    assert 0 < recipe.plateau_after < recipe.epochs
    assert recipe.learning_rate == anew.learning_rate * RATE
    assert (recipe.dim, recipe.precision, recipe.tower) == (32, "auto", "small")
    again = dataclasses.replace(
        BASE, config=dataclasses.replace(CONFIG, recipe=recipe, train=chosen)
    )
    assert fine_tuning_recipe(again, choose(again, {}), dataset, {}) == recipe
    asked = {"overrides": {"epochs": "1", "learning_rate": "0.1"}}
    named = fine_tuning_recipe(BASE, choose(BASE, asked), dataset, asked)
    assert (named.epochs, named.learning_rate) == (1, 0.1)
    assert fine_tuning_recipe(PRETRAINED_BASE, chosen, dataset, {}).tower == PRETRAINED


def test_an_interrupted_training_goes_on_from_the_run_that_it_was_begun_with(
    run_copy: Path,
) -> None:
    base = reopen_base("cut", None, None)
    assert base is None
    with pytest.raises(UsageError, match="begun with no run to go on from, received digits"):
        reopen_base("cut", None, "digits")
    from siam.engine.fine_tuning.base import open_base

    table = open_base("digits").table
    assert table.run == "digits" and len(table.sha256) == 64
    again = reopen_base("cut", table, str(run_copy))
    assert again is not None and again.table == table
    with (run_copy / NETWORK_FILE).open("ab") as file:
        file.write(b"another")
    write_manifest(run_copy)
    with pytest.raises(RunError, match="'digits' is not the one that 'cut' went on from"):
        reopen_base("cut", table, None)
