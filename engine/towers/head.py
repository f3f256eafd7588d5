"""The head of a pretrained tower, and what else is learned of a backbone's features."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from siam.array_types import Maps, Vectors
from siam.engine.fine_tuning.base import shorten
from siam.engine.towers.choice import RAW_SHARE
from siam.engine.training_plan import TrainingPlan
from siam.progress import Progress
from siam.recipe import PRETRAINED, Recipe
from siam.run_files import PRETRAINED_FOLDER

if TYPE_CHECKING:
    from pathlib import Path

    import keras

    from siam.datasets.dataset import Dataset, Split
    from siam.siamese.backbone import Backbone
    from siam.siamese.pretrained_tower import Components, TowerParts
    from siam.siamese.training import TrainedNetwork
    from siam.siamese.whitening import Whitening

__all__ = ["HEAD", "Head", "train_head", "training_folder", "with_rows"]

# What a head learns by, and in how many steps (docs/measurements.md).
HEAD = Recipe(
    tower=PRETRAINED,
    dim=128,
    loss="supervised-contrastive",
    precision="float32",
    learning_rate=4e-3,
    clean_epochs=1.0,  # every epoch: rows of numbers and maps are no pictures to distort
)
HEAD_STEPS = 300


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
        maps: of the training and of the validation pictures; None where nothing is fine-tuned.
    """

    trained: TrainedNetwork
    components: Components
    posterior: keras.Model | None
    raw: tuple[Vectors, Vectors]
    rows: tuple[Vectors, Vectors]
    whitening: Whitening | None
    maps: tuple[Maps, Maps] | None = None


def train_head(
    plan: TrainingPlan,
    photos: Dataset,
    backbone: Backbone,
    start: TowerParts,
    progress: Progress,
    *,
    maps: bool,
) -> Head:
    """Compute the features of training and validation pictures, and train a head on them.

    A head that goes on keeps the components that it was trained on, and the whitening beside it.

    Args:
        plan: what to train, and on what.
        photos: the data set in the backbone's size.
        backbone: whose features it is trained on.
        start: what a training goes on from.
        progress: told of pictures and steps done.
        maps: those of the pictures are kept too, for the upper layers to be fine-tuned on.
    """
    from siam.siamese.backbone_features import keep_features
    from siam.siamese.class_posterior import MOST_CLASSES, apply_posterior, fit_posterior
    from siam.siamese.pretrained_tower import fit_components, head_tower
    from siam.siamese.training import train_network
    from siam.siamese.whitening import Whitening, choose_whitening, unit_rows

    folder = training_folder(plan, backbone)
    train, validation = (
        keep_features(
            backbone, split.pictures, folder / f"{name}.npz", maps=maps, progress=progress
        )
        for name, split in (("train", photos.train), ("validation", photos.validation))
    )
    raw_train, raw_validation = train.features, validation.features
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
    raw = raw_train, raw_validation
    kept = None if train.maps is None or validation.maps is None else (train.maps, validation.maps)
    return Head(trained, components, posterior, raw, rows, whitening, kept)


def training_folder(plan: TrainingPlan, backbone: Backbone) -> Path:
    """Return where features and checkpoints of what is trained on a backbone are kept.

    A resumed training that is given another backbone begins its head anew.
    """
    folder = plan.folder / PRETRAINED_FOLDER / backbone.hash[:16]
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def head_recipe(dataset: Dataset) -> Recipe:
    """Return the recipe of a head, which sees no pictures to distort."""
    from siam.siamese.batch_shape import fit_batch

    pictures, classes = len(dataset.train), len(dataset.classes)
    recipe = fit_batch(HEAD, classes=classes, pictures_per_class=pictures // classes)
    batch = recipe.classes_per_batch * recipe.pictures_per_class
    epochs = math.ceil(HEAD_STEPS / max(1, pictures // batch))
    return dataclasses.replace(recipe, epochs=epochs)


def with_rows(split: Split, rows: Vectors | Maps) -> Split:
    """Return a split with what a network made of each picture in its place."""
    pictures: Any = rows  # a feed hands on whatever a split holds
    return dataclasses.replace(split, pictures=pictures)
