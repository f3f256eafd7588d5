"""Fine-tuned upper layers: trained from the head on, gone on with, taken where they gain."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest

from siam.engine.towers import head, training, tuning
from siam.engine.towers.choice import Candidate
from siam.engine.training_plan import TrainingPlan, plan_training
from siam.run_files import CHECKPOINT_FILE
from siam.runs.config import DataChoice, TrainChoice
from siam.siamese.backbone_cut import tuned_tower
from siam.siamese.backbone_features import compute_features
from siam.siamese.network import tower_of
from siam.siamese.pretrained_tower import TowerParts, take_apart
from siam.siamese.training import train_network


@pytest.fixture
def make_plan(
    photos: Path, deep_backbone_file: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., TrainingPlan]:
    monkeypatch.setattr(head, "HEAD_STEPS", 5)
    monkeypatch.setattr(tuning, "TUNING", dataclasses.replace(tuning.TUNING, epochs=3))

    def plan(weights: Path = deep_backbone_file, **data: object) -> TrainingPlan:
        train = TrainChoice(preset="quick", overrides={"tower": "pretrained"}, weights=str(weights))
        chosen = DataChoice(dataset=str(photos), **data)  # type: ignore[arg-type]
        return plan_training(chosen, train, {}, None, lambda *_: None, lambda _: None)

    return plan


def train(plan: TrainingPlan, told: list[str]) -> training.TrainedTower:
    return training.train_tower(plan, progress=lambda *_: None, notice=told.append)


def prefer_tuned(candidates: list[Candidate]) -> Candidate:
    return next(one for one in candidates if one.shares.get("tuned", 0) == 0.75)


def test_what_is_fine_tuned_at_all(
    make_plan: Callable[..., TrainingPlan], backbone_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    assert tuning.can_tune(make_plan(), told.append)
    assert not tuning.can_tune(make_plan(backbone_file), told.append)  # it cannot be cut
    assert not tuning.can_tune(make_plan(holdout_classes=("red",)), told.append)
    assert not told
    monkeypatch.setattr(tuning, "MOST_MAP_BYTES", 30_000)
    assert not tuning.can_tune(make_plan(), told.append)
    assert told == [
        "The upper layers of deep are not fine-tuned: what the lower ones make of 48 pictures "
        "would take 0.0 GB of memory."
    ]


def test_a_batch_has_as_many_pictures_of_few_classes_as_of_many(
    make_plan: Callable[..., TrainingPlan],
) -> None:
    recipe = tuning.tuning_recipe(make_plan().dataset)
    assert (recipe.classes_per_batch, recipe.pictures_per_class) == (3, 21)


@pytest.mark.slow
def test_interrupted_it_goes_on_to_the_same_tower(
    make_plan: Callable[..., TrainingPlan], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "choose_candidate", prefer_tuned)
    told: list[str] = []
    whole = take_apart(tower_of(train(make_plan(), told).network)).tuned
    plan = make_plan()

    def interrupt(*_: object) -> None:
        if list(plan.folder.rglob(f"tuned/{CHECKPOINT_FILE}")):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        training.train_tower(plan, progress=interrupt, notice=told.append)
    gone_on = take_apart(tower_of(train(plan, told).network)).tuned
    assert whole is not None and gone_on is not None
    for one, other in zip(whole.get_weights(), gone_on.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert "tuned 0.75" in told[0] and "with the upper layers of deep fine-tuned" in told[0]


@pytest.mark.slow
def test_the_tower_has_no_copy_where_it_gains_nothing(
    make_plan: Callable[..., TrainingPlan], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = make_plan()
    tuned = training.tune_upper

    def forget(*given: object) -> keras.Model:
        """Fine-tune, and let all pictures look alike thereafter."""
        tower = tuned(*given)  # type: ignore[arg-type]
        last = tower.get_layer("tuned_head").get_layer("projection_norm")
        scale, *others = (np.ones_like(one) for one in last.get_weights())
        last.set_weights([0 * scale, *others])
        return tower

    monkeypatch.setattr(training, "tune_upper", forget)
    trained = train(plan, [])
    assert any("tuned" in one.shares for one in trained.candidates)
    assert trained.plan.config.tower is not None
    assert "tuned" not in trained.plan.config.tower.shares
    tower = tower_of(trained.network)
    assert take_apart(tower).tuned is None
    assert "tuned" not in [one.name for one in tower.layers]
    assert plan.backbone is not None
    assert tower.get_layer("backbone").count_params() == plan.backbone.model.count_params()


@pytest.mark.slow
def test_another_training_goes_on_with_it(
    make_plan: Callable[..., TrainingPlan], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = make_plan()
    assert plan.backbone is not None and plan.photos is not None
    trained_head = head.train_head(
        plan, plan.photos, plan.backbone, TowerParts(), lambda *_: None, maps=True
    )
    assert trained_head.maps is not None
    old = tuned_tower(
        plan.backbone.model, trained_head.components, tower_of(trained_head.trained.network)
    )
    old.set_weights([one * np.float32(1.5) for one in old.get_weights()])
    given: list[object] = []

    def watch(*splits: object, **options: object) -> object:
        given.extend((options["start"], options["recipe"]))
        return train_network(*splits, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("siam.siamese.training.train_network", watch)
    start = TowerParts(tuned=old)
    tuned = tuning.tune_upper(
        plan, plan.photos, plan.backbone, trained_head, start, lambda *_: None
    )
    recipe = tuning.tuning_recipe(plan.photos)
    assert given[0] is old and given[1] == dataclasses.replace(
        recipe, epochs=1, learning_rate=recipe.learning_rate / 2
    )
    near = compute_features(old, trained_head.maps[1]) - compute_features(
        tuned, trained_head.maps[1]
    )
    assert 0 < np.abs(near).max() < 0.2
