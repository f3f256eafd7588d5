"""Recipes of earlier releases are read, or refused by the name of what is gone."""

from __future__ import annotations

import dataclasses

import pytest

from siam.engine.recipe_choice import dotted, recipe_from
from siam.engine.recipe_migration import RENAMED, RETIRED, migrate_recipe
from siam.errors import RunError
from siam.recipe import Recipe
from siam.siamese.presets import PRESETS


def test_a_recipe_with_every_retired_value_off_is_read_as_it_was() -> None:
    saved = dataclasses.asdict(PRESETS["best"]) | RETIRED
    assert recipe_from(Recipe(), migrate_recipe(dotted(saved), run="old")) == PRESETS["best"]


def test_a_recipe_that_uses_a_retired_value_is_refused() -> None:
    with pytest.raises(RunError, match="'old' was begun with average=0.9") as caught:
        migrate_recipe({"dim": 64, "average": 0.9}, run="old")
    assert "siam runs rm old" in str(caught.value.cure)


def test_a_value_is_read_by_the_name_it_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RENAMED, "size_of_embedding", "dim")
    monkeypatch.setitem(RENAMED, "augment.turn", "augment.rotation")
    found = migrate_recipe({"size_of_embedding": 32, "augment.turn": 5.0, "epochs": 2}, run="old")
    assert found == {"dim": 32, "augment.rotation": 5.0, "epochs": 2}


def test_no_retired_or_renamed_name_is_one_of_today() -> None:
    today = set(dotted(dataclasses.asdict(Recipe())))
    assert not today & (RETIRED.keys() | RENAMED.keys())
    assert set(RENAMED.values()) <= today
