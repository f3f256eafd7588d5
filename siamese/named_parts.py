"""Whether the parts that a recipe names are there, asked before a training begins."""

from __future__ import annotations

from collections.abc import Iterable

from siam.errors import UsageError
from siam.siamese.losses import LOSSES
from siam.siamese.optimizers import OPTIMIZERS
from siam.siamese.precision import PRECISIONS
from siam.siamese.presets import Recipe
from siam.siamese.towers import TOWERS
from siam.siamese.views import VIEWS

__all__ = ["check_named_parts"]


def check_named_parts(recipe: Recipe) -> None:
    """Refuse a recipe that names what is not there.

    Raises:
        UsageError: no tower, loss, optimizer or precision of that name, or no such number of views.

    Example:
        >>> check_named_parts(Recipe(loss="triplet"))
    """
    known: dict[str, Iterable[object]] = {
        "tower": TOWERS,
        "loss": LOSSES,
        "optimizer": OPTIMIZERS,
        "precision": PRECISIONS,
        "views": VIEWS,
    }
    for part, choices in known.items():
        value = getattr(recipe, part)
        if value not in choices:
            raise UsageError(
                f"A recipe's {part} cannot be '{value}'.",
                f"Choose one of: {', '.join(map(str, choices))}.",
            )
