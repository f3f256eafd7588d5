"""The triplet loss over a batch: an anchor closer to its class than to any other, by a margin.

F. Schroff, D. Kalenichenko, J. Philbin, "FaceNet: A Unified Embedding for Face Recognition and
Clustering", CVPR 2015 (semi-hard); A. Hermans, L. Beyer, B. Leibe, "In Defense of the Triplet Loss
for Person Re-Identification", 2017 (all, hard).
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import keras
from keras import ops

from siam.array_types import Tensor
from siam.siamese.losses.pairwise import distances, pair_masks, validate_batch

__all__ = ["Mining", "TripletLoss", "triplet"]

Mining = Literal["all", "semi-hard", "hard"]

# Beyond any distance of unit embeddings, which is at most 2.
_FAR = 9.0


def triplet(
    labels: Tensor,
    embeddings: Tensor,
    *,
    margin: float = 0.2,
    mining: Mining = "semi-hard",
) -> Tensor:
    """Mean of max(d(anchor, same) - d(anchor, different) + margin, 0) over the mined triplets.

    - "all": every triplet whose loss is above 0 (the others would only thin the mean out).
    - "semi-hard": for every same pair, the closest different picture that is farther than it;
      where there is none, the farthest one, which is the least wrong.
    - "hard": for every anchor, its farthest same and its closest different picture.

    "all" and "semi-hard" look at n^3 triplets: 70 MB a table at n = 260.

    Args:
        labels: integers of shape (n,).
        embeddings: floats of shape (n, dim), each row of unit length.
        margin: distance by which a different picture has to be farther.
        mining: which triplets count.

    Returns:
        float32 scalar; 0 when the batch holds no triplet.

    Raises:
        ValueError: when labels and embeddings do not belong together, or `mining` is no way.
    """
    validate_batch(labels, embeddings)
    distance = distances(embeddings)
    same, different = pair_masks(labels)
    if mining == "all":
        return _all_triplets(distance, same, different, margin)
    if mining == "semi-hard":
        return _semi_hard(distance, same, different, margin)
    if mining == "hard":
        return _hard(distance, same, different, margin)
    raise ValueError(f"mining must be one of {get_args(Mining)}, received {mining!r}.")


def _all_triplets(distance: Tensor, same: Tensor, different: Tensor, margin: float) -> Tensor:
    excess = distance[:, :, None] - distance[:, None, :] + margin
    losses = same[:, :, None] * different[:, None, :] * ops.relu(excess)
    active = ops.cast(losses > 0, "float32")
    return ops.sum(losses) / ops.maximum(ops.sum(active), 1.0)


def _semi_hard(distance: Tensor, same: Tensor, different: Tensor, margin: float) -> Tensor:
    rivals = ops.where(different > 0, distance, _FAR)[:, None, :]
    outside = ops.where(rivals > distance[:, :, None], rivals, _FAR)
    closest_outside = ops.min(outside, axis=2)
    farthest = ops.max(different * distance, axis=1, keepdims=True)
    rival = ops.where(closest_outside < _FAR, closest_outside, farthest)
    pairs = same * ops.max(different, axis=1, keepdims=True)
    losses = pairs * ops.relu(distance - rival + margin)
    return ops.sum(losses) / ops.maximum(ops.sum(pairs), 1.0)


def _hard(distance: Tensor, same: Tensor, different: Tensor, margin: float) -> Tensor:
    farthest_same = ops.max(same * distance, axis=1)
    closest_different = ops.min(ops.where(different > 0, distance, _FAR), axis=1)
    anchors = ops.max(same, axis=1) * ops.max(different, axis=1)
    losses = anchors * ops.relu(farthest_same - closest_different + margin)
    return ops.sum(losses) / ops.maximum(ops.sum(anchors), 1.0)


@keras.saving.register_keras_serializable(package="siam")
class TripletLoss(keras.losses.Loss):
    """`triplet` as a Keras loss: labels (n,) against embeddings (n, dim).

    Args:
        margin: distance by which a different picture has to be farther.
        mining: "all", "semi-hard" or "hard".
        name: name of the loss in logs.
        **kwargs: `reduction` and `dtype` of `keras.losses.Loss`.
    """

    def __init__(
        self,
        margin: float = 0.2,
        mining: Mining = "semi-hard",
        name: str = "triplet",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.margin = margin
        self.mining = mining

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the loss of the batch."""
        return triplet(y_true, y_pred, margin=self.margin, mining=self.mining)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make this loss again."""
        return {**super().get_config(), "margin": self.margin, "mining": self.mining}
