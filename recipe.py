"""Everything that decides a training beside the data and the seed, as plain values.

Here and not beside the presets, because the run folder keeps a recipe and the baselines are
trained by one too, neither of which knows the Siamese network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, Literal, get_args

import msgspec

from siam.errors import UsageError

__all__ = [
    "PAIR_KINDS",
    "PRETRAINED",
    "PRESET_NAMES",
    "AugmentPolicy",
    "Pairs",
    "Preset",
    "Recipe",
    "change_recipe",
    "read_recipe",
    "recipe_value",
]

Preset = Literal["quick", "balanced", "best"]
PRESET_NAMES: tuple[Preset, ...] = get_args(Preset)
# Every pair of a batch counts, or explicit pairs are drawn.
Pairs = Literal["batch", "sampled"]
PAIR_KINDS: tuple[Pairs, ...] = get_args(Pairs)
# The tower that is put on the features of a backbone (`siam.siamese.pretrained_tower`).
PRETRAINED = "pretrained"
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Amount = Annotated[float, msgspec.Meta(ge=0, le=1000)]
Count = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]

# By the name that earlier releases wrote, "augment.rotation" for a nested one: the name of today.
RENAMED: dict[str, str] = {
    "members": "ensemble_size",
    "plain": "clean_epochs",
    "hardest": "hard_example_share",
    "strangers": "outlier_share",
    "views": "test_time_views",
}
# By the name that earlier releases wrote: the value that stood for "off".
RETIRED: dict[str, object] = {"average": 0.0, "head_weight": 0.0}


@dataclass(frozen=True, kw_only=True)
class AugmentPolicy:
    """How far pictures are distorted; 0 switches a distortion off.

    Args:
        rotation: largest turn either way, in degrees.
        scale: largest change of size either way, as a fraction.
        shear: largest slant either way, as a fraction of the height.
        shift: largest move either way, as a fraction of the side.
        elastic: standard deviation of a smooth random displacement, as a fraction of the side.
        stroke: largest share by which bright strokes are thickened or thinned, 0 to 1.
        cutout: share of the pictures from which a square is blotted out, 0 to 1.
        cutout_size: side of that square, as a fraction of the side.
        contrast: largest change of contrast either way, as a fraction.
        noise: standard deviation of grey noise at its strongest, in grey levels of 0 to 255.
        blur: share of the pictures that are blurred, 0 to 1.
        outline: share of the pictures of which the strokes' outlines alone are left, 0 to 1.
        lines: share of the pictures with a bright line across, straight or zigzag, 0 to 1.
        bands: share of the pictures with black and white swapped in a band, 0 to 1.
    """

    rotation: Amount = 0.0
    scale: Amount = 0.0
    shear: Amount = 0.0
    shift: Amount = 0.0
    elastic: Amount = 0.0
    stroke: Share = 0.0
    cutout: Share = 0.0
    cutout_size: Share = 0.3
    contrast: Amount = 0.0
    noise: Amount = 0.0
    blur: Share = 0.0
    outline: Share = 0.0
    lines: Share = 0.0
    bands: Share = 0.0

    @property
    def bends(self) -> bool:
        """Whether pixels are moved at all."""
        return any((self.rotation, self.scale, self.shear, self.shift, self.elastic))


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides a training beside the data and the seed.

    Args:
        tower: name of a builder in `siam.siamese.towers.TOWERS`, or `PRETRAINED`.
        ensemble_size: towers side by side, each trained on its own part of the embedding.
        dim: length of an embedding, a multiple of `ensemble_size`.
        loss: name of a loss in `siam.siamese.losses.registry.LOSSES`.
        epochs: passes over the training pictures.
        classes_per_batch: P, classes drawn for a batch (fewer where the data has fewer).
        pictures_per_class: K, pictures of each; a batch holds P x K.
        learning_rate: peak of the schedule.
        warm_up: share of the steps spent rising to the peak, 0 to less than 1.
        optimizer: name in `siam.training.optimizers.OPTIMIZERS`.
        weight_decay: decoupled weight decay.
        precision: Keras dtype policy, "float32" or "mixed_bfloat16"; "auto" = the one that the
            processor at hand is fast in.
        augment: how far training pictures are distorted.
        clean_epochs: share of the epochs, the last ones, without distortion, 0 to 1. They settle
            the gallery's own pictures among their class: one that lies in another misleads queries.
        hard_example_share: share of every class's pictures that distorted epochs after the first
            draw from, the hardest to place; 1 = all (see `siam.training.hard_example_mining`).
        outlier_share: share of a batch that are marks of no class, which every class is kept away
            from, 0 to less than 1; only where pictures are white marks on black, framed as MNIST's.
        quarter_turns: training classes turned by 90, 180 and 270 degrees are classes too.
        test_time_views: copies of a picture whose embeddings the encoder averages; 1 = the picture
            alone.
        plateau_after: epochs from which on a plateau of the validation loss is looked for, where
            the rest of them is hurried through (see `siam.training.plateau`); 0 = never.
        gradient_share: of the squared distance, how much is that of oriented gradients beside the
            trained tower, in part whitened within classes, 0 to 1 (see
            `siam.siamese.oriented_gradients`).
    """

    tower: str = "small"
    ensemble_size: Count = 1
    dim: Count = 64
    loss: str = "contrastive"
    epochs: Count = 6
    classes_per_batch: Count = 10
    pictures_per_class: Count = 26
    learning_rate: Amount = 8e-3
    warm_up: Share = 0.15
    optimizer: str = "muon"
    weight_decay: Amount = 1e-2
    precision: str = "auto"
    augment: AugmentPolicy = field(default_factory=AugmentPolicy)
    clean_epochs: Share = 0.0
    hard_example_share: Share = 1.0
    outlier_share: Share = 0.0
    quarter_turns: bool = False
    test_time_views: Count = 1
    plateau_after: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0
    gradient_share: Share = 0.0

    @property
    def augmented_epochs(self) -> int:
        """How many epochs, from the first one, distort their pictures."""
        return self.epochs - round(self.clean_epochs * self.epochs)


def change_recipe(recipe: Recipe, values: Mapping[str, Any], *, strict: bool = False) -> Recipe:
    """Return a recipe with some values replaced.

    Args:
        recipe: what to start from.
        values: by name, "augment.rotation" for a nested one; a name of an earlier release is read.
        strict: take values of the right type alone, and not the text of one, such as "0.3".

    Raises:
        UsageError: an unknown name, or a value of another type or out of its bounds.

    Example:
        >>> change_recipe(Recipe(), {"epochs": "3", "augment.rotation": 20}).augment.rotation
        20.0
    """
    content = msgspec.to_builtins(recipe)
    for alias, value in values.items():
        name = RENAMED.get(alias, alias)
        augments = name.startswith("augment.")
        table = content["augment"] if augments else content
        key = name.removeprefix("augment.")
        if key not in table or name == "augment":
            own = sorted({one.name for one in fields(Recipe)} - {"augment"})
            nested = [f"augment.{one.name}" for one in fields(AugmentPolicy)]
            raise UsageError(
                f"A recipe has no value '{alias}'.", f"It has: {', '.join([*own, *nested])}."
            )
        table[key] = value
        try:
            recipe = msgspec.convert(content, Recipe, strict=strict)
        except msgspec.ValidationError as error:
            raise UsageError(f"A recipe's {alias} cannot be {value!r}: {error}.") from error
    return recipe


def recipe_value(recipe: Recipe, name: str) -> Any:
    """Return a recipe's value by the name that `change_recipe` takes.

    Raises:
        KeyError: a recipe has no value of that name.

    Example:
        >>> recipe_value(Recipe(), "augment.cutout_size")
        0.3
    """
    value = msgspec.to_builtins(recipe)
    for key in RENAMED.get(name, name).split("."):
        value = value[key]
    return value


def read_recipe(table: Mapping[str, Any]) -> tuple[Recipe, dict[str, Any]]:
    """Return the recipe that a run kept, and the values in it that siam has no longer.

    Args:
        table: values by name, those of "augment" in a table of their own; what is missing, as an
            earlier release leaves it, has the value of a plain `Recipe`.

    Raises:
        UsageError: an unknown name, or a value of another type or out of its bounds.

    Example:
        >>> read_recipe({"dim": 32, "head_weight": 0.0, "average": 0.9})[1]
        {'average': 0.9}
    """
    values = {name: value for name, value in table.items() if name != "augment"}
    augment = table.get("augment", {})
    if not isinstance(augment, Mapping):
        raise UsageError(f"A recipe's augment is a table of values, received {augment!r}.")
    values |= {f"augment.{name}": value for name, value in augment.items()}
    gone = {name: values.pop(name) for name in RETIRED.keys() & values.keys()}
    unmet = {name: value for name, value in gone.items() if value != RETIRED[name]}
    return change_recipe(Recipe(), values, strict=True), unmet
