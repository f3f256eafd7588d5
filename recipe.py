"""Everything that decides a training beside the data and the seed, as plain values.

Here and not beside the presets, because the run folder keeps a recipe and the baselines are
trained by one too, neither of which knows the Siamese network.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["AugmentPolicy", "Recipe"]


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

    rotation: float = 0.0
    scale: float = 0.0
    shear: float = 0.0
    shift: float = 0.0
    elastic: float = 0.0
    stroke: float = 0.0
    cutout: float = 0.0
    cutout_size: float = 0.3
    contrast: float = 0.0
    noise: float = 0.0
    blur: float = 0.0
    outline: float = 0.0
    lines: float = 0.0
    bands: float = 0.0

    @property
    def bends(self) -> bool:
        """Whether pixels are moved at all."""
        return any((self.rotation, self.scale, self.shear, self.shift, self.elastic))


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides a training beside the data and the seed.

    Args:
        tower: name of a builder in `siam.siamese.towers.TOWERS`.
        members: towers side by side, each trained on its own part of the embedding.
        dim: length of an embedding, a multiple of `members`.
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
        plain: share of the epochs, the last ones, without distortion, 0 to 1. They settle the
            gallery's own pictures among their class: one that lies in another misleads queries.
        hardest: share of every class's pictures that distorted epochs after the first draw
            from, the hardest to place; 1 = all (see `siam.training.hard_example_mining`).
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
    precision: str = "auto"
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
