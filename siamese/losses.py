"""The batch losses by name; all take labels (n,) and embeddings (n, dim), so any can stand in."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import keras

from siam.siamese.batch_softmax import BatchSoftmaxLoss
from siam.siamese.contrastive import BatchContrastiveLoss
from siam.siamese.cosine_softmax import CosineSoftmaxLoss, cosine_softmax
from siam.siamese.ensemble import EnsembleLoss
from siam.siamese.multi_similarity import MultiSimilarityLoss
from siam.siamese.pairwise import Tensor
from siam.siamese.supervised_contrastive import SupervisedContrastiveLoss
from siam.siamese.triplet import TripletLoss

__all__ = ["LOSSES", "HeadedLoss", "make_loss"]

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


@keras.saving.register_keras_serializable(package="siam")
class HeadedLoss(keras.losses.Loss):
    """A batch loss plus a weighted cosine softmax, the usual classification head beside it.

    Args:
        main: the batch loss that leads.
        weight: weight of the cosine softmax beside it, > 0.
        name: name of the loss in logs.
        **kwargs: `reduction` and `dtype` of `keras.losses.Loss`.
    """

    def __init__(
        self, main: keras.losses.Loss, weight: float, name: str = "headed", **kwargs: Any
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.main = main
        self.weight = weight

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the loss of the batch."""
        return self.main(y_true, y_pred) + self.weight * cosine_softmax(y_true, y_pred)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make this loss again."""
        main = keras.losses.serialize(self.main)
        return {**super().get_config(), "main": main, "weight": self.weight}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> HeadedLoss:
        """Make the loss from `get_config`."""
        return cls(**{**config, "main": keras.losses.deserialize(config["main"])})


def make_loss(
    name: str, *, head_weight: float = 0.0, members: int = 1, **options: Any
) -> keras.losses.Loss:
    """Make a batch loss by its name.

    Args:
        name: a key of `LOSSES`.
        head_weight: weight of a cosine softmax added to it; 0 = none.
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
    if head_weight:
        loss = HeadedLoss(loss, head_weight)
    return EnsembleLoss(loss, members) if members > 1 else loss
