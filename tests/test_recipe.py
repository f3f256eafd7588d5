"""A recipe's values: changed by text, read from what a run kept, also by an earlier release."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from siam.errors import UsageError
from siam.recipe import RENAMED, RETIRED, AugmentPolicy, Recipe, change_recipe, read_recipe
from siam.siamese.presets import PRESETS
from siam.siamese.recipe_check import check_recipe


def test_a_recipe_is_read_as_it_was_kept() -> None:
    assert read_recipe(dataclasses.asdict(PRESETS["best"])) == (PRESETS["best"], {})
    assert read_recipe({}) == (Recipe(), {})


def test_retired_values_that_are_off_are_passed_over() -> None:
    assert read_recipe(dataclasses.asdict(PRESETS["best"]) | RETIRED) == (PRESETS["best"], {})


def test_retired_values_that_were_in_use_are_told() -> None:
    recipe, retired = read_recipe({"dim": 32, "average": 0.9, "head_weight": 0.0})
    assert recipe == Recipe(dim=32)
    assert retired == {"average": 0.9}


def test_a_loss_that_is_gone_is_read_and_not_trained_by() -> None:
    recipe, retired = read_recipe({"loss": "triplet"})
    assert (recipe.loss, retired) == ("triplet", {})
    with pytest.raises(UsageError, match="loss cannot be 'triplet'") as caught:
        check_recipe(recipe)
    assert caught.value.cure == "Choose one of: contrastive, supervised-contrastive."


def test_a_value_is_read_by_the_name_it_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RENAMED, "size_of_embedding", "dim")
    monkeypatch.setitem(RENAMED, "augment.turn", "augment.rotation")
    recipe, _ = read_recipe({"size_of_embedding": 32, "augment": {"turn": 5.0}, "epochs": 2})
    assert recipe == Recipe(dim=32, epochs=2, augment=AugmentPolicy(rotation=5.0))
    assert change_recipe(Recipe(), {"size_of_embedding": "32"}).dim == 32


def test_no_retired_or_renamed_name_is_one_of_today() -> None:
    today = {field.name for field in dataclasses.fields(Recipe)}
    today |= {f"augment.{field.name}" for field in dataclasses.fields(AugmentPolicy)}
    assert not today & (RETIRED.keys() | RENAMED.keys())
    assert set(RENAMED.values()) <= today


def test_text_is_read_as_the_type_of_its_value() -> None:
    text = {
        "epochs": "3",
        "quarter_turns": "true",
        "augment.noise": "4",
        "loss": "supervised-contrastive",
    }
    changed = change_recipe(Recipe(), text)
    assert (changed.epochs, changed.quarter_turns) == (3, True)
    assert changed.loss == "supervised-contrastive"
    assert changed.augment.noise == 4.0


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"wobble": "1"}, "no value 'wobble'"),
        ({"augment": "1"}, "no value 'augment'"),
        ({"augment.wobble": "1"}, "no value 'augment.wobble'"),
        ({"augment.augment.noise": "1"}, "no value 'augment.augment.noise'"),
        ({"epochs": "many"}, "epochs cannot be 'many': Expected `int`"),
        ({"epochs": "0"}, "epochs cannot be '0'"),
        ({"quarter_turns": "perhaps"}, "quarter_turns cannot be 'perhaps'"),
        ({"warm_up": "nan"}, "warm_up cannot be 'nan'"),
        ({"learning_rate": "inf"}, "learning_rate cannot be 'inf'"),
        ({"augment.blur": "1.5"}, "augment.blur cannot be '1.5'"),
    ],
)
def test_a_value_that_is_none_is_refused(values: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        change_recipe(Recipe(), values)


@pytest.mark.parametrize(
    "table",
    [
        {"epochs": "3"},
        {"epochs": 3.0},
        {"epochs": True},
        {"plain": float("nan")},
        {"augment": [1]},
        {"augment": {"noise": "4"}},
        {"dim": 10**30},
        {"a_value_of_tomorrow": 1},
    ],
)
def test_a_table_of_other_types_is_refused(table: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        read_recipe(table)
