"""The batch losses by name; all take labels (n,) and embeddings (n, dim), so any can stand in."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import keras

from siam.siamese.losses.batch_softmax import BatchSoftmaxLoss
from siam.siamese.losses.contrastive import BatchContrastiveLoss
from siam.siamese.losses.cosine_softmax import CosineSoftmaxLoss
from siam.siamese.losses.ensemble import EnsembleLoss
from siam.siamese.losses.multi_similarity import MultiSimilarityLoss
from siam.siamese.losses.supervised_contrastive import SupervisedContrastiveLoss
from siam.siamese.losses.triplet import TripletLoss

__all__ = ["LOSSES", "make_loss"]

LOSSES: dict[str, Callable[..., keras.losses.Loss]] = {
    "contrastive": BatchContrastiveLoss,
    "triplet": TripletLoss,
    "triplet-all": partial(TripletLoss, mining="all"),
    "triplet-hard": partial(TripletLoss, mining="hard"),
    "supervised-contrastive": SupervisedContrastiveLoss,
    "multi-similarity": MultiSimilarityLoss,
    "batch-softmax": BatchSoftmaxLoss,
    "cosine-softmax": CosineSoftmaxLoss,
}


def make_loss(name: str, *, members: int = 1, **options: Any) -> keras.losses.Loss:
    """Make a batch loss by its name.

    Args:
        name: a key of `LOSSES`.
        members: parts of an embedding that it trains one by one (see `siam.siamese.ensemble`).
        **options: the arguments of that loss.

    Raises:
        ValueError: when there is no loss of that name.

    Example:
        >>> make_loss("contrastive", negative_margin=1.0).negative_margin
        1.0
    """
    if name not in LOSSES:
        raise ValueError(f"No loss is called {name!r}; there are {', '.join(LOSSES)}.")
    loss = LOSSES[name](**options)
    return EnsembleLoss(loss, members) if members > 1 else loss
