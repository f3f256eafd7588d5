"""The batch losses by name; all take labels (n,) and embeddings (n, dim), so any can stand in."""

from __future__ import annotations

from typing import Any

import keras

from siam.siamese.batch_softmax import BatchSoftmaxLoss
from siam.siamese.contrastive import BatchContrastiveLoss
from siam.siamese.cosine_softmax import CosineSoftmaxLoss
from siam.siamese.multi_similarity import MultiSimilarityLoss
from siam.siamese.supervised_contrastive import SupervisedContrastiveLoss
from siam.siamese.triplet import TripletLoss

__all__ = ["LOSSES", "make_loss"]

LOSSES: dict[str, type[keras.losses.Loss]] = {
    "contrastive": BatchContrastiveLoss,
    "triplet": TripletLoss,
    "supervised-contrastive": SupervisedContrastiveLoss,
    "multi-similarity": MultiSimilarityLoss,
    "batch-softmax": BatchSoftmaxLoss,
    "cosine-softmax": CosineSoftmaxLoss,
}


def make_loss(name: str, **options: Any) -> keras.losses.Loss:
    """Make a batch loss by its name.

    Args:
        name: a key of `LOSSES`.
        **options: the arguments of that loss.

    Raises:
        ValueError: when there is no loss of that name.

    Example:
        >>> make_loss("contrastive", negative_margin=1.0).negative_margin
        1.0
    """
    if name not in LOSSES:
        raise ValueError(f"No loss is called {name!r}; there are {', '.join(LOSSES)}.")
    return LOSSES[name](**options)
