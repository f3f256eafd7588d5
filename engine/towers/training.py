"""Train a run's tower: siam's own, one on a pretrained backbone, or both; the best stays."""

from __future__ import annotations

import dataclasses
import math
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from siam.array_types import Vectors
from siam.engine.fine_tuning.base import shorten
from siam.engine.towers.choice import (
    RAW_SHARE,
    Candidate,
    choose_candidate,
    describe_choice,
    judge,
    share_mixes,
)
from siam.engine.training_plan import Notice, TrainingPlan
from siam.progress import Progress
from siam.recipe import PRETRAINED, Recipe
from siam.run_files import PRETRAINED_FOLDER
from siam.runs.config import TowerTable

if TYPE_CHECKING:
    import keras

    from siam.datasets.dataset import Dataset, Split
    from siam.siamese.backbone import Backbone
    from siam.siamese.pretrained_tower import Components, TowerParts
    from siam.siamese.training import TrainedNetwork
    from siam.siamese.whitening import Whitening

__all__ = ["TrainedTower", "train_tower"]

# What a head learns by, and in how many steps (docs/measurements.md).
HEAD = Recipe(
    tower=PRETRAINED,
    dim=128,
    loss="supervised-contrastive",
    precision="float32",
    learning_rate=4e-3,
    clean_epochs=1.0,  # every epoch: a row of numbers is no picture that could be distorted
)
HEAD_STEPS = 300


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


@dataclass(frozen=True)
class Head:
    """A head trained on a backbone's features.

    Attributes:
        trained: the network over it.
        components: of the features, those of the training pictures.
        posterior: the features' class posterior; None where there are too many classes for it.
        raw: the features of the training and of the validation pictures, float32 (n, features).
        rows: their components, float32 (n, components).
        whitening: of the raw features of unit length; None where no classes were held out, or
            where it tells classes left out apart no better.
    """

    trained: TrainedNetwork
    components: Components
    posterior: keras.Model | None
    raw: tuple[Vectors, Vectors]
    rows: tuple[Vectors, Vectors]
    whitening: Whitening | None


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
    head = train_head(plan, photos, backbone, start, progress)
    return join(plan, photos, backbone, own, head, start, started, notice)


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


def train_head(
    plan: TrainingPlan,
    photos: Dataset,
    backbone: Backbone,
    start: TowerParts,
    progress: Progress,
) -> Head:
    """Compute the features of training and validation pictures, and train a head on them.

    A head that goes on keeps the components that it was trained on, and the whitening beside it.
    """
    from siam.siamese.backbone_features import keep_features
    from siam.siamese.class_posterior import MOST_CLASSES, apply_posterior, fit_posterior
    from siam.siamese.pretrained_tower import fit_components, head_tower
    from siam.siamese.training import train_network
    from siam.siamese.whitening import Whitening, choose_whitening, unit_rows

    # A resumed training that is given another backbone begins its head anew.
    folder = plan.folder / PRETRAINED_FOLDER / backbone.hash[:16]
    folder.mkdir(parents=True, exist_ok=True)
    raw_train, raw_validation = (
        keep_features(backbone, split.pictures, folder / f"{name}.npz", progress=progress)
        for name, split in (("train", photos.train), ("validation", photos.validation))
    )
    components = start.components or fit_components(raw_train)
    rows = components.apply(raw_train), components.apply(raw_validation)
    recipe = head_recipe(photos)
    if start.head is not None:
        recipe = shorten(recipe)
    trained = train_network(
        with_rows(photos.train, rows[0]),
        with_rows(photos.validation, rows[1]),
        recipe=recipe,
        seed=plan.config.train.seed,
        folder=folder,
        on_device=False,
        build=lambda shape: head_tower(shape, recipe.dim),
        start=start.head,
        progress=progress,
    )
    few = len(photos.classes) <= MOST_CLASSES
    posterior = fit_posterior(raw_train, photos.train.labels) if few else None
    whitening = None
    if start.whitening is not None:
        whitening = Whitening(start.whitening, share=0.0)  # its share is the run's
    elif plan.dataset.unseen is not None and plan.base is None:
        progress("Leaving classes out in turn", 0, 0)
        whitening = choose_whitening(
            unit_rows(raw_train),
            photos.train.labels,
            learn=partial(apply_posterior, raw_train, photos.train.labels) if few else None,
            learned_share=1 - RAW_SHARE,
            seed=plan.config.train.seed,
        )
    return Head(trained, components, posterior, (raw_train, raw_validation), rows, whitening)


def head_recipe(dataset: Dataset) -> Recipe:
    """Return the recipe of a head, which sees no pictures to distort."""
    from siam.siamese.batch_shape import fit_batch

    pictures, classes = len(dataset.train), len(dataset.classes)
    recipe = fit_batch(HEAD, classes=classes, pictures_per_class=pictures // classes)
    batch = recipe.classes_per_batch * recipe.pictures_per_class
    epochs = math.ceil(HEAD_STEPS / max(1, pictures // batch))
    return dataclasses.replace(recipe, epochs=epochs)


def with_rows(split: Split, rows: Vectors) -> Split:
    """Return a split with a row of numbers in the place of each picture."""
    pictures: Any = rows  # a feed hands on whatever a split holds
    return dataclasses.replace(split, pictures=pictures)


def join(
    plan: TrainingPlan,
    photos: Dataset,
    backbone: Backbone,
    own: TrainedNetwork | None,
    head: Head,
    start: TowerParts,
    started: float,
    notice: Notice,
) -> TrainedTower:
    """Judge every candidate, and build the network of the best.

    A tower that goes on has the parts and shares that it had; siam's own stays as it is in it.
    """
    from keras.ops import convert_to_numpy

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
