"""The tower of a run of photos: which are tried, how they are judged, what is taken."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from siam.datasets.dataset import Dataset, Split
from siam.engine.towers import head, training
from siam.engine.towers.choice import (
    Candidate,
    choose_candidate,
    describe_choice,
    judge,
    share_mixes,
)
from siam.engine.train import train_run
from siam.engine.training_plan import plan_training
from siam.errors import DataError, UsageError
from siam.runs.config import DataChoice, TrainChoice, load_config
from siam.siamese import whitening
from siam.siamese.encoder import open_encoder
from siam.siamese.network import tower_of
from siam.siamese.pretrained_tower import take_apart

Write = Callable[..., Path]


def split(labels: list[int]) -> Split:
    return Split(
        np.zeros((len(labels), 4, 4, 1), np.uint8), np.array(labels), tuple(map(str, labels))
    )


def unit(degrees: list[float]) -> np.ndarray:
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


@pytest.fixture
def two_classes() -> Dataset:
    train, validation = split([0, 0, 1, 1]), split([0, 0, 1, 1])
    return Dataset("d", "here", ("a", "b"), train, validation, validation, "photo")


def test_shares_are_of_every_part_and_sum_to_one() -> None:
    alone = share_mixes(own=False, posterior=False, unseen=False)
    assert all(set(mix) == {"features", "head"} for mix in alone)
    mixes = list(share_mixes(own=True, posterior=True, unseen=False))
    assert {len(mix) for mix in mixes} == {2, 3, 4}
    assert {"features", "posterior"} in [set(mix) for mix in mixes]
    for mix in mixes:
        assert sum(mix.values()) == pytest.approx(1)
        assert mix["features"] > 0  # classes that were never trained on need them
    more = list(share_mixes(own=True, posterior=True, unseen=False, tuned=True))
    assert [mix for mix in more if "tuned" not in mix] == mixes
    assert {"features", "head", "tuned"} in [set(mix) for mix in more]
    assert max(len(mix) for mix in more) == 5
    for mix in more:
        assert sum(mix.values()) == pytest.approx(1) and mix["features"] > 0


@pytest.mark.parametrize("posterior", [True, False])
def test_held_out_classes_are_left_to_raw_features_mostly(posterior: bool) -> None:
    [mix] = share_mixes(own=True, posterior=posterior, unseen=True)
    assert mix["raw"] == 0.8 and sum(mix.values()) == pytest.approx(1)
    assert set(mix) == {"raw", "head"} | ({"posterior"} if posterior else set())
    assert Candidate(mix, 1.0, 0.0).name == "pretrained"
    [mix] = share_mixes(own=True, posterior=posterior, unseen=True, whitened=0.75)
    assert mix["raw"] == pytest.approx(0.2) and mix["whitened"] == pytest.approx(0.6)
    assert sum(mix.values()) == pytest.approx(1)


def test_validation_judges_a_mix_by_its_distances(two_classes: Dataset) -> None:
    good = unit([0, 10, 90, 100]), unit([5, 8, 95, 93])
    bad = unit([0, 90, 10, 100]), unit([8, 88, 2, 97])  # nearest: 2, 1, 0, 3
    right = judge({"head": 1.0}, {"head": good}, two_classes)
    wrong = judge({"head": 1.0}, {"head": bad}, two_classes)
    assert (right.recall, right.eer) == (1.0, 0.0)
    assert wrong.recall == 0.25 + 0.25
    mostly = judge({"head": 0.9, "own": 0.1}, {"head": good, "own": bad}, two_classes)
    assert mostly.recall == 1.0
    assert right.score > mostly.score or right.eer == mostly.eer


def test_of_equals_the_smallest_is_taken() -> None:
    own = Candidate({"own": 1.0}, 0.9, 0.1)
    pretrained = Candidate({"features": 0.5, "head": 0.5}, 0.9, 0.1)
    both = Candidate({"features": 0.25, "head": 0.25, "own": 0.5}, 0.95, 0.15)
    assert choose_candidate([both, pretrained, own]) is own
    better = dataclasses.replace(pretrained, recall=0.91)
    assert choose_candidate([own, both, better]) is better
    said = describe_choice([own, better, both], better, "squares", 12.3)
    assert "siam's own tower 90.0% right, pairs' equal error 10.0%" in said
    assert "squares 91.0% right" in said and "both side by side 95.0% right" in said
    assert said.endswith("Taken: squares (features 0.5, head 0.5), 12 s.")
    tuned = Candidate({"features": 0.2, "tuned": 0.8}, 0.96, 0.01)
    said = describe_choice([better, tuned], tuned, "squares", 12.3)
    assert "squares 91.0% right" in said
    assert "with the upper layers of squares fine-tuned 96.0% right" in said
    assert said.endswith("Taken: squares (features 0.2, tuned 0.8), 12 s.")


def plan(photos: Path, backbone: Path | None, told: list[str], **choice: str) -> tuple[bool, bool]:
    """Return whether a pretrained tower, and whether siam's own, is to be trained."""
    train = TrainChoice(
        preset="quick", overrides=choice, weights=str(backbone) if backbone else None
    )
    made = plan_training(
        DataChoice(dataset=str(photos)), train, {}, None, lambda *_: None, told.append
    )
    return made.backbone is not None, made.photos is not made.dataset


def test_towers_are_tried_where_nobody_named_one(
    photos: Path, backbone_file: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(runs))  # no download there
    told: list[str] = []
    assert plan(photos, backbone_file, told) == (True, True)
    assert any("squares is tried too, on the same pictures at 32 x 32" in line for line in told)
    assert plan(photos, backbone_file, told, tower="pretrained") == (True, False)
    assert plan(photos, backbone_file, told, tower="small") == (False, True)
    assert not any("ImageNet" in line for line in told)
    assert plan(photos, None, told) == (False, True)
    assert "--tower pretrained downloads one" in told[-1]


def test_a_size_that_is_not_the_backbones_is_refused(
    photos: Path, backbone_file: Path, runs: Path
) -> None:
    train = TrainChoice(overrides={"tower": "pretrained"}, weights=str(backbone_file))
    data = DataChoice(dataset=str(photos), size=64)
    with pytest.raises(UsageError, match="32 pixels a side, received --size 64"):
        plan_training(data, train, {}, None, lambda *_: None, lambda _: None)
    lost = TrainChoice(overrides={"tower": "pretrained"}, weights=str(photos / "lost.keras"))
    with pytest.raises(DataError, match="no backbone that can be loaded"):
        plan_training(
            DataChoice(dataset=str(photos)), lost, {}, None, lambda *_: None, lambda _: None
        )


def stop_before_the_index(what: str, done: int, total: int) -> None:
    """Press Ctrl-C when the network is there and the rest is not."""
    if what == "Indexing":
        raise KeyboardInterrupt


@pytest.mark.slow
@pytest.mark.timeout(900)  # two exports, each of which starts TensorFlow's converter
@pytest.mark.parametrize("tower", ["auto", "pretrained"])
def test_a_run_on_a_backbone_answers_and_says_what_it_is_made_of(
    tower: str, photos: Path, deep_backbone_file: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(head, "HEAD_STEPS", 20)  # enough for three colours
    told: list[str] = []
    overrides = {"epochs": "1", "optimizer": "adamw"}  # which is compiled sooner
    if tower == "auto":  # validation finds all three right here: take the one of most parts

        def take_both(candidates: Sequence[Candidate]) -> Candidate:
            return next(one for one in candidates if {"own", "tuned"} <= one.shares.keys())

        monkeypatch.setattr(training, "choose_candidate", take_both)
    else:
        overrides["tower"] = tower
    train = TrainChoice(preset="quick", overrides=overrides, weights=str(deep_backbone_file))
    data = DataChoice(dataset=str(photos))
    with pytest.raises(KeyboardInterrupt):
        train_run(data, train, name="p", progress=stop_before_the_index)
    assert load_config(runs / "p.partial").tower is not None
    # Gone on with, it computes no feature and trains nothing again, and is the same run.
    steps: set[str] = set()
    run = train_run(
        DataChoice(),
        TrainChoice(),
        name="p",
        resume=True,
        progress=lambda what, *_: steps.add(what),
        notice=told.append,
    )
    assert not steps & {"Computing features", "Training"}
    config = load_config(run.path)
    assert config.tower is not None and config.tower.backbone == "deep"
    assert "features" in config.tower.shares
    assert ("own" in config.tower.shares) == (tower == "auto")
    assert ("tuned" in config.tower.shares) >= (tower == "auto")
    assert config.preparation.size == (32, 32)
    assert open_encoder(run.path).picture_shape == (32, 32, 3)
    assert run.metrics["retrieval"]["recall@1"] == 1.0
    assert dict(config.tower.shares) in [one["shares"] for one in run.metrics["training"]["towers"]]
    assert any("Taken: " in line for line in told)
    assert not (run.path / "pretrained").exists()
    assert (run.path / "history.csv").exists()


@pytest.mark.slow
def test_where_classes_are_held_out_raw_features_are_whitened_beside(
    tmp_path: Path, backbone_file: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(head, "HEAD_STEPS", 5)
    rng = np.random.default_rng(0)
    # As if whitening gained: the less of the features as they are, which come first, the better.
    monkeypatch.setattr(whitening, "score_unseen", lambda rows, *_: -np.abs(rows[:, :3]).sum())
    for name in "abcde":  # four to learn from: left out two at a time
        (tmp_path / "photos" / name).mkdir(parents=True)
        level = rng.normal(128, 40, 3)
        for place in range(12):
            noisy = rng.normal(level, 30, (32, 32, 3)).clip(0, 255).astype(np.uint8)
            Image.fromarray(noisy).save(tmp_path / "photos" / name / f"{place}.png")
    made = plan_training(
        DataChoice(dataset=str(tmp_path / "photos"), holdout_classes=("e",)),
        TrainChoice(preset="quick", overrides={"tower": "pretrained"}, weights=str(backbone_file)),
        {},
        None,
        lambda *_: None,
        lambda _: None,
    )
    trained = training.train_tower(made, progress=lambda *_: None, notice=lambda _: None)
    [candidate] = trained.candidates
    assert set(candidate.shares) == {"raw", "whitened", "head", "posterior"}
    assert candidate.shares["whitened"] == pytest.approx(0.8 * max(whitening.SHARES))
    assert candidate.shares["raw"] + candidate.shares["whitened"] == pytest.approx(0.8)
    tower = tower_of(trained.network)
    parts = take_apart(tower)
    assert parts.whitening is not None and parts.head is not None
    # Features as they are and whitened, what the head gives, four classes' probabilities.
    dim = sum(parts.whitening.kernel.shape) + parts.head.output_shape[1] + 4
    assert tower.output_shape == (None, dim)
