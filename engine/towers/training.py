"""Train a run's tower: siam's own, one on a pretrained backbone, or both; the best stays."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from siam.array_types import Vectors
from siam.engine.towers.choice import (
    Candidate,
    choose_candidate,
    describe_choice,
    judge,
    share_mixes,
)
from siam.engine.towers.head import Head, train_head
from siam.engine.towers.tuning import can_tune, tune_upper
from siam.engine.training_plan import Notice, TrainingPlan
from siam.progress import Progress
from siam.runs.config import TowerTable

if TYPE_CHECKING:
    import keras

    from siam.datasets.dataset import Dataset
    from siam.siamese.backbone import Backbone
    from siam.siamese.pretrained_tower import TowerParts
    from siam.siamese.training import TrainedNetwork

__all__ = ["TrainedTower", "train_tower"]


@dataclass(frozen=True)
class TrainedTower:
    """What a training leaves: the network, and the plan for what follows from it.

    Attributes:
        network: the two-input Siamese network over the tower that stays.
        plan: the run's, with the data set in that tower's size.
        seconds: wall time of all that was trained, features included.
        epochs: of siam's own tower where it is in the network, else of the head.
        candidates: how validation pictures judged; empty where there was nothing to choose.
    """

    network: keras.Model
    plan: TrainingPlan
    seconds: float
    epochs: int
    candidates: tuple[Candidate, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the candidates for `metrics.json`, the best first."""
        ranked = sorted(self.candidates, key=lambda one: -one.score)
        return {"towers": [one.to_dict() for one in ranked]} if ranked else {}


def train_tower(plan: TrainingPlan, *, progress: Progress, notice: Notice) -> TrainedTower:
    """Train what the plan asks for, or go on with it, and choose by validation pictures.

    Args:
        plan: what to train, and on what.
        progress: told of steps done.
        notice: told in a sentence what was chosen, and why.
    """
    from siam.siamese.pretrained_tower import TowerParts

    started = time.perf_counter()
    backbone, photos = plan.backbone, plan.photos
    start = plan.base.parts if plan.base else TowerParts()
    own = None if photos is plan.dataset else train_own(plan, start, progress)
    if backbone is None or photos is None:
        assert own is not None
        return TrainedTower(own.network, plan, own.seconds, len(own.history))
    tunable = can_tune(plan, notice)
    head = train_head(plan, photos, backbone, start, progress, maps=tunable)
    tuned = tune_upper(plan, photos, backbone, head, start, progress) if tunable else None
    return join(plan, photos, backbone, own, head, tuned, start, started, notice)


def train_own(plan: TrainingPlan, start: TowerParts, progress: Progress) -> TrainedNetwork:
    """Train siam's own tower, from the weights of another one where there is any."""
    from siam.siamese.training import train_network

    return train_network(
        plan.dataset.train,
        plan.dataset.validation,
        recipe=plan.config.recipe,
        seed=plan.config.train.seed,
        folder=plan.folder,
        pairs=plan.config.train.pairs,
        patience=plan.config.train.patience,
        start=start.own,
        progress=progress,
    )


def join(
    plan: TrainingPlan,
    photos: Dataset,
    backbone: Backbone,
    own: TrainedNetwork | None,
    head: Head,
    tuned: keras.Model | None,
    start: TowerParts,
    started: float,
    notice: Notice,
) -> TrainedTower:
    """Judge every candidate, and build the network of the best.

    A tower that goes on has the parts and shares that it had; siam's own stays as it is in it.
    """
    from keras.ops import convert_to_numpy

    from siam.siamese.backbone_features import compute_features
    from siam.siamese.network import siamese_network, tower_of
    from siam.siamese.pretrained_tower import joined_tower, resized_tower
    from siam.siamese.whitening import unit_rows
    from siam.training.position import write_history

    head_model = tower_of(head.trained.network)
    parts = {
        "raw": tuple(map(unit_rows, head.raw)),
        "features": tuple(map(unit_rows, head.rows)),
        "head": tuple(convert_to_numpy(head_model(rows)) for rows in head.rows),
    }
    if head.posterior is not None:
        parts["posterior"] = tuple(convert_to_numpy(head.posterior(raw)) for raw in head.raw)
    if head.whitening is not None:
        parts["whitened"] = tuple(map(head.whitening.apply, map(unit_rows, head.raw)))
    if tuned is not None and head.maps is not None:
        train, validation = head.maps
        parts["tuned"] = compute_features(tuned, train), compute_features(tuned, validation)
    candidates: list[Candidate] = []
    resized = start.own
    if resized is not None:
        parts["own"] = embed(resized, photos)
    if own is not None:
        alone = tower_of(own.network)
        candidates.append(judge({"own": 1.0}, {"own": embed(alone, plan.dataset)}, plan.dataset))
        if alone.input_shape[-1] == photos.picture_shape[2]:
            resized = resized_tower(alone, photos.picture_shape)
            parts["own"] = embed(resized, photos)
    if plan.base is not None and plan.config.tower is not None:
        kept = {part: plan.config.tower.shares.get(part, 0.0) for part in parts}
        whole = sum(kept.values())
        mixes = [{part: share / whole for part, share in kept.items() if share}]
    else:
        mixes = list(
            share_mixes(
                own=resized is not None,
                posterior=head.posterior is not None,
                tuned=tuned is not None,
                unseen=plan.dataset.unseen is not None,
                whitened=head.whitening.share if head.whitening else 0.0,
            )
        )
    candidates += [judge(shares, parts, photos) for shares in mixes]
    chosen = choose_candidate(candidates)
    seconds = time.perf_counter() - started
    notice(describe_choice(candidates, chosen, backbone.name, seconds))
    if own is not None and chosen.name == "own":
        return TrainedTower(own.network, plan, seconds, len(own.history), tuple(candidates))
    tower = joined_tower(
        photos.picture_shape,
        backbone.model,
        head.components,
        shares=chosen.shares,
        head=head_model,
        posterior=head.posterior if "posterior" in chosen.shares else None,
        own=resized,
        whitening=head.whitening.components if head.whitening else None,
        tuned=tuned if "tuned" in chosen.shares else None,
    )
    history = head.trained.history if own is None or "own" not in chosen.shares else own.history
    write_history(plan.folder, history)
    preparation = dataclasses.replace(
        plan.config.preparation, size=photos.picture_shape[:2], channels=photos.picture_shape[2]
    )
    made_of = TowerTable(backbone=backbone.name, sha256=backbone.hash, shares=chosen.shares)
    config = dataclasses.replace(plan.config, preparation=preparation, tower=made_of)
    return TrainedTower(
        siamese_network(tower),
        dataclasses.replace(plan, config=config, dataset=photos),
        seconds,
        len(history),
        tuple(candidates),
    )


def embed(tower: keras.Model, dataset: Dataset) -> tuple[Vectors, Vectors]:
    """Embed the training and the validation pictures."""
    from siam.siamese.backbone_features import compute_features

    train, validation = dataset.train.pictures, dataset.validation.pictures
    return compute_features(tower, train), compute_features(tower, validation)
