"""The shape of a batch, P classes x K pictures, that suits how many classes there are.

Every pair in a batch is learned from. With ten classes P is ten and K is large; with a thousand,
a batch of a few pictures of many classes holds far more pairs that are hard to tell apart.
"""

from __future__ import annotations

import dataclasses

from siam.recipe import Recipe

__all__ = ["fit_batch"]

# More classes than this in a batch were not tried; the table of pairs grows with their square.
MOST_CLASSES = 128
# Two make a pair; four make six, at twice the cost.
FEWEST_PICTURES = 4


def fit_batch(recipe: Recipe, *, classes: int, pictures_per_class: int) -> Recipe:
    """Return the recipe with P and K that suit the data.

    The batch keeps its size where it can: more classes take their room from the pictures of each,
    down to four of each, or to what a class has.

    Args:
        recipe: whose P x K is the wanted size of a batch.
        classes: how many there are to train, quarter turns included.
        pictures_per_class: training pictures that a typical class has.

    Example:
        >>> fitted = fit_batch(Recipe(), classes=964, pictures_per_class=14)
        >>> fitted.classes_per_batch, fitted.pictures_per_class
        (128, 4)
    """
    if classes <= recipe.classes_per_batch:
        return recipe
    size = recipe.classes_per_batch * recipe.pictures_per_class
    drawn = min(classes, MOST_CLASSES)
    each = min(max(size // drawn, FEWEST_PICTURES), recipe.pictures_per_class)
    return dataclasses.replace(
        recipe,
        classes_per_batch=drawn,
        pictures_per_class=max(2, min(each, pictures_per_class)),
    )
