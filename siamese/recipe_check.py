"""Whether a recipe can be followed, asked before a training begins: its names and its shares."""

from __future__ import annotations

from collections.abc import Iterable

from siam.errors import UsageError
from siam.recipe import PRETRAINED, Recipe
from siam.siamese.losses.registry import LOSSES
from siam.siamese.test_time_augmentation import VIEWS
from siam.siamese.towers import TOWERS
from siam.training.optimizers import OPTIMIZERS
from siam.training.precision import PRECISIONS

__all__ = ["check_recipe"]

MOST_OUTLIERS = 0.9


def check_recipe(recipe: Recipe) -> None:
    """Refuse a recipe that names what is not there, or a share of a batch that leaves none.

    Raises:
        UsageError: no tower, loss, optimizer or precision of that name, no such number of views,
            an ensemble that does not divide the embedding, or outliers outside of 0 to 0.9.

    Example:
        >>> check_recipe(Recipe(loss="supervised-contrastive"))
    """
    known: dict[str, Iterable[object]] = {
        "tower": (*TOWERS, PRETRAINED),
        "loss": LOSSES,
        "optimizer": OPTIMIZERS,
        "precision": PRECISIONS,
        "test_time_views": VIEWS,
    }
    for part, choices in known.items():
        value = getattr(recipe, part)
        if value not in choices:
            raise UsageError(
                f"A recipe's {part} cannot be '{value}'.",
                f"Choose one of: {', '.join(map(str, choices))}.",
            )
    if recipe.ensemble_size < 1 or recipe.dim % recipe.ensemble_size:
        raise UsageError(
            f"A recipe's dim must be a multiple of its ensemble_size, one or more, "
            f"received dim {recipe.dim} and ensemble_size {recipe.ensemble_size}.",
            f"Give  --set dim={64 * max(1, recipe.ensemble_size)}  or  --set ensemble_size=1",
        )
    if not 0 <= recipe.outlier_share <= MOST_OUTLIERS:
        raise UsageError(
            f"A recipe's outlier_share must be 0 to {MOST_OUTLIERS}, a share of the batch, "
            f"received {recipe.outlier_share}.",
            "Give  --set outlier_share=0.2  or  --set outlier_share=0  for none.",
        )
