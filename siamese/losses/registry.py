"""The batch losses by name; all take labels (n,) and embeddings (n, dim), so any can stand in."""

from __future__ import annotations

from collections.abc import Callable

import keras

from siam.siamese.losses.contrastive import BatchContrastiveLoss
from siam.siamese.losses.ensemble import EnsembleLoss
from siam.siamese.losses.supervised_contrastive import SupervisedContrastiveLoss

__all__ = ["LOSSES", "make_loss"]

LOSSES: dict[str, Callable[..., keras.losses.Loss]] = {
    "contrastive": BatchContrastiveLoss,
    "supervised-contrastive": SupervisedContrastiveLoss,
}


def make_loss(name: str, *, members: int = 1) -> keras.losses.Loss:
    """Make a batch loss by its name.

    Args:
        name: a key of `LOSSES`.
        members: parts of an embedding that it trains one by one (see `siam.siamese.ensemble`).

    Raises:
        ValueError: when there is no loss of that name.

    Example:
        >>> make_loss("supervised-contrastive").temperature
        0.1
    """
    if name not in LOSSES:
        raise ValueError(f"No loss is called {name!r}; there are {', '.join(LOSSES)}.")
    loss = LOSSES[name]()
    return EnsembleLoss(loss, members) if members > 1 else loss
