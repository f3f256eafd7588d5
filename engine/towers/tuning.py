"""Fine-tune a copy of a backbone's upper layers, together with a copy of the head.

Below the cut nothing is trained, so that what comes out there is computed once, by the pass that
computes the features, and a step begins with it: a tenth of the time that the whole would take.
"""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

from siam.engine.fine_tuning.base import shorten
from siam.engine.towers.head import HEAD, Head, training_folder, with_rows
from siam.engine.training_plan import Notice, TrainingPlan
from siam.progress import Progress
from siam.recipe import Recipe

if TYPE_CHECKING:
    import keras

    from siam.datasets.dataset import Dataset
    from siam.siamese.backbone import Backbone
    from siam.siamese.pretrained_tower import TowerParts

__all__ = ["TUNING", "can_tune", "tune_upper", "tuning_recipe"]

# Chosen by the validation pictures of two folders (docs/measurements.md).
TUNING = dataclasses.replace(
    HEAD,
    optimizer="adamw",
    learning_rate=1e-3,
    weight_decay=1e-4,
    warm_up=0.1,
    epochs=8,
    classes_per_batch=16,
    pictures_per_class=4,
)
# Of the maps, all of which are held in memory: some 50,000 pictures' of EfficientNet.
MOST_MAP_BYTES = 2**30


def can_tune(plan: TrainingPlan, notice: Notice) -> bool:
    """Say whether a backbone's upper layers are to be fine-tuned.

    They are not where it cannot be cut, where classes were held out, which the raw features tell
    apart, and where a training goes on from a tower that has none.

    Args:
        plan: what to train.
        notice: told where it is the pictures that are too many.
    """
    from siam.siamese.backbone_cut import find_cut

    backbone, photos = plan.backbone, plan.photos
    if backbone is None or photos is None or plan.dataset.unseen is not None:
        return False
    wanted = plan.base is None or plan.base.parts.tuned is not None
    cut = find_cut(backbone.model) if wanted else None
    if cut is None:
        return False
    pictures = len(photos.train) + len(photos.validation)
    size = 2 * pictures * math.prod(cut.shape[1:])
    if size > MOST_MAP_BYTES:
        notice(
            f"The upper layers of {backbone.name} are not fine-tuned: what the lower ones make of "
            f"{pictures:,} pictures would take {size / 2**30:.1f} GB of memory."
        )
        return False
    return True


def tune_upper(
    plan: TrainingPlan,
    photos: Dataset,
    backbone: Backbone,
    head: Head,
    start: TowerParts,
    progress: Progress,
) -> keras.Model:
    """Train copies of the upper layers and of the head on maps, or go on with those of a tower.

    Args:
        plan: what to train.
        photos: the data set in the backbone's size.
        backbone: the pretrained network; stays as it is.
        head: trained on its features, with maps; stays as it is.
        start: what a training goes on from.
        progress: told of steps done.

    Returns:
        Maps to a unit embedding.
    """
    import keras

    from siam.siamese.backbone_cut import tuned_tower
    from siam.siamese.network import TOWER, tower_of
    from siam.siamese.training import train_network

    assert head.maps is not None
    folder = training_folder(plan, backbone) / "tuned"
    folder.mkdir(exist_ok=True)
    recipe = tuning_recipe(photos)
    trained = train_network(
        with_rows(photos.train, head.maps[0]),
        with_rows(photos.validation, head.maps[1]),
        recipe=recipe if start.tuned is None else shorten(recipe),
        seed=plan.config.train.seed,
        folder=folder,
        on_device=False,
        build=lambda _: tuned_tower(
            backbone.model, head.components, tower_of(head.trained.network), name=TOWER
        ),
        start=start.tuned,
        progress=progress,
    )
    tower = tower_of(trained.network)
    return keras.Model(tower.input, tower.output, name="tuned")


def tuning_recipe(dataset: Dataset) -> Recipe:
    """Return the recipe of a fine-tuning: as many pictures in a batch, of however few classes."""
    classes = min(TUNING.classes_per_batch, len(dataset.classes))
    batch = TUNING.classes_per_batch * TUNING.pictures_per_class
    return dataclasses.replace(
        TUNING, classes_per_batch=classes, pictures_per_class=batch // classes
    )
