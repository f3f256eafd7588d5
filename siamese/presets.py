"""The presets: every value of a training, under one word each."""

from __future__ import annotations

from dataclasses import dataclass, field

from siam.siamese.augment import AugmentPolicy

__all__ = ["DEFAULT_PRESET", "PRESETS", "Recipe"]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides a training beside the data and the seed.

    Args:
        tower: name of a builder in `siam.siamese.towers.TOWERS`.
        members: towers side by side, each trained on its own part of the embedding.
        dim: length of an embedding, a multiple of `members`.
        loss: name of a loss in `siam.siamese.losses.LOSSES`.
        epochs: passes over the training pictures.
        classes_per_batch: P, classes drawn for a batch (fewer where the data has fewer).
        pictures_per_class: K, pictures of each; a batch holds P x K.
        learning_rate: peak of the schedule.
        warm_up: share of the steps spent rising to the peak, 0 to less than 1.
        optimizer: name in `siam.siamese.optimizers.OPTIMIZERS`.
        weight_decay: decoupled weight decay.
        precision: Keras dtype policy, "float32" or "mixed_bfloat16".
        augment: how far training pictures are distorted.
        plain: share of the epochs, the last ones, without distortion, 0 to 1. They settle the
            gallery's own pictures among their class: one that lies in another misleads queries.
        hardest: share of every class's pictures that distorted epochs after the first draw
            from, the hardest to place; 1 = all (see `siam.siamese.hardest`).
        strangers: share of a batch that are marks of no class, which every class is kept away from,
            0 to less than 1; only where pictures are white marks on black, framed as MNIST's are.
        quarter_turns: training classes turned by 90, 180 and 270 degrees are classes too.
        views: copies of a picture whose embeddings the encoder averages; 1 = the picture alone.
    """

    tower: str = "small"
    members: int = 1
    dim: int = 64
    loss: str = "contrastive"
    epochs: int = 6
    classes_per_batch: int = 10
    pictures_per_class: int = 26
    learning_rate: float = 8e-3
    warm_up: float = 0.15
    optimizer: str = "muon"
    weight_decay: float = 1e-2
    precision: str = "mixed_bfloat16"
    augment: AugmentPolicy = field(default_factory=AugmentPolicy)
    plain: float = 0.0
    hardest: float = 1.0
    strangers: float = 0.0
    quarter_turns: bool = False
    views: int = 1

    @property
    def distorted_epochs(self) -> int:
        """How many epochs, from the first one, distort their pictures."""
        return self.epochs - round(self.plain * self.epochs)


_DISTORTED = AugmentPolicy(
    rotation=10.0, scale=0.1, shear=0.1, shift=0.06, elastic=0.02, stroke=0.4, contrast=0.2
)
_FURTHER = AugmentPolicy(
    rotation=18.0,
    scale=0.2,
    shear=0.2,
    shift=0.08,
    elastic=0.03,
    stroke=0.5,
    contrast=0.3,
    cutout=0.2,
    cutout_size=0.25,
    noise=20.0,
    blur=0.2,
    outline=0.08,
    lines=0.15,
    bands=0.08,
)

DEFAULT_PRESET = "balanced"
PRESETS: dict[str, Recipe] = {
    "quick": Recipe(epochs=1, pictures_per_class=10),
    "balanced": Recipe(epochs=6, augment=_DISTORTED, plain=0.25, hardest=0.35, strangers=0.15),
    "best": Recipe(
        tower="wide",
        members=3,
        dim=192,
        epochs=24,
        augment=_FURTHER,
        plain=0.2,
        hardest=0.35,
        strangers=0.15,
        views=5,
    ),
}
