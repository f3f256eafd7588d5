"""The presets for many classes of few pictures each, such as the characters of many alphabets.

Ten classes of thousands of pictures are learned one by one; of a thousand classes of twenty, a
network has to learn what tells classes apart at all, which then holds for classes it never saw.
The figures behind every value are in docs/measurements.md.
"""

from __future__ import annotations

import dataclasses

from siam.recipe import AugmentPolicy, Recipe
from siam.siamese.batch_shape import fit_batch
from siam.siamese.presets import PRESETS
from siam.training.quarter_turns import TURNS

__all__ = ["FEW_PICTURES", "MANY_CLASSES", "MANY_CLASSES_PRESETS", "preset_for"]

# From so many classes on, with at most so many pictures each, these presets take over.
MANY_CLASSES = 100
FEW_PICTURES = 100
# With fewer pictures of a class than this, its easy ones are needed too: the hardest of few are
# mostly the odd ones (Sorscher et al., 2022).
PLENTY = 1000

_BALANCED = Recipe(
    tower="deep",
    dim=128,
    loss="supervised-contrastive",
    epochs=8,
    classes_per_batch=128,
    pictures_per_class=4,
    learning_rate=4e-3,
    augment=AugmentPolicy(rotation=12.0, scale=0.15, shear=0.15, shift=0.08),
    quarter_turns=True,
)
MANY_CLASSES_PRESETS: dict[str, Recipe] = {
    "quick": dataclasses.replace(_BALANCED, epochs=2),
    "balanced": _BALANCED,
    "best": dataclasses.replace(_BALANCED, ensemble_size=3, dim=384, epochs=10),
}


def preset_for(name: str, *, classes: int, pictures_per_class: int) -> Recipe:
    """Return the preset of that name that suits the data, its batch fitted to the classes.

    Args:
        name: a key of `PRESETS`.
        classes: how many there are to train.
        pictures_per_class: training pictures that a typical class has.

    Example:
        >>> preset_for("best", classes=10, pictures_per_class=5500).quarter_turns
        False
        >>> preset_for("best", classes=964, pictures_per_class=14).quarter_turns
        True
    """
    many = classes >= MANY_CLASSES and pictures_per_class <= FEW_PICTURES
    recipe = (MANY_CLASSES_PRESETS if many else PRESETS)[name]
    if pictures_per_class < PLENTY:
        recipe = dataclasses.replace(recipe, hard_example_share=1.0)
    trained = classes * TURNS if recipe.quarter_turns else classes
    return fit_batch(recipe, classes=trained, pictures_per_class=pictures_per_class)
