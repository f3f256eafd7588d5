"""The contrastive loss, over explicit pairs and over every pair of a batch.

R. Hadsell, S. Chopra, Y. LeCun, "Dimensionality Reduction by Learning an Invariant Mapping",
CVPR 2006. The label is 1 for a pair of the same class (their Y is 0 there).
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from siam.array_types import Tensor
from siam.siamese.losses.pairwise import distances, pair_masks, validate_batch

__all__ = ["BatchContrastiveLoss", "ContrastiveLoss", "batch_contrastive", "contrastive"]

# The least share of a kind's pairs that its mean is over, however few still cost something.
LEAST_SHARE = 0.1


def contrastive(same: Tensor, distance: Tensor, *, margin: float = 1.0) -> Tensor:
    """Hadsell's loss of each pair: same * d^2 / 2 + (1 - same) * max(margin - d, 0)^2 / 2.

    Args:
        same: pair labels, 1 = same class, 0 = different; any shape.
        distance: Euclidean distances of the same shape, smaller = closer.
        margin: distance from which a different pair costs nothing; 0 to 2 for unit embeddings.

    Returns:
        float32 of the shape of `distance`, one loss per pair.

    Example:
        >>> loss = contrastive(ops.array([1.0, 0.0]), ops.array([0.6, 0.6]))
        >>> [round(float(value), 2) for value in loss]
        [0.18, 0.08]
    """
    distance = ops.cast(distance, "float32")
    same = ops.cast(same, "float32")
    together = ops.square(distance)
    apart = ops.square(ops.relu(margin - distance))
    return 0.5 * (same * together + (1.0 - same) * apart)


@keras.saving.register_keras_serializable(package="siam")
class ContrastiveLoss(keras.losses.Loss):
    """The contrastive loss of explicit pairs, for the two-input Siamese network.

    Args:
        margin: distance from which a different pair costs nothing.
        name: name of the loss in logs.
        **kwargs: `reduction` and `dtype` of `keras.losses.Loss`.

    Call arguments:
        y_true: pair labels (n,) or (n, 1), 1 = same class, 0 = different.
        y_pred: distances of exactly that shape, smaller = closer.

    Raises:
        ValueError: when the two shapes differ; (n,) against (n, 1) would broadcast to (n, n).
    """

    def __init__(self, margin: float = 1.0, name: str = "contrastive", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.margin = margin

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the loss of each pair."""
        if not _same_shape(tuple(y_true.shape), tuple(y_pred.shape)):
            raise ValueError(
                "Pair labels and distances must have one shape, "
                f"received labels {tuple(y_true.shape)} and distances {tuple(y_pred.shape)}: "
                "reshape the labels to the shape of the distances."
            )
        return contrastive(y_true, y_pred, margin=self.margin)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make this loss again."""
        return {**super().get_config(), "margin": self.margin}


def _same_shape(left: tuple[int | None, ...], right: tuple[int | None, ...]) -> bool:
    """Equal rank, and equal sizes wherever both are known (a graph does not know the batch)."""
    return len(left) == len(right) and all(
        a is None or b is None or a == b for a, b in zip(left, right, strict=True)
    )


def batch_contrastive(
    labels: Tensor,
    embeddings: Tensor,
    *,
    positive_margin: float = 0.3,
    negative_margin: float = 1.2,
    outlier_margin: float = 0.7,
) -> Tensor:
    """The contrastive loss over every pair of a batch; n pictures give n (n - 1) / 2 pairs.

        mean over costly same pairs of max(d - positive_margin, 0)^2
      + mean over costly different pairs of max(negative_margin - d, 0)^2
      + mean over costly pairs of a picture and an outlier of max(outlier_margin - d, 0)^2

    Each kind of pair has its own mean, so that the many different pairs do not drown the few
    same ones, nor outliers the classes. It is over the pairs that still cost something, so that
    the many settled ones do not thin out the few hard ones (Hermans et al., "In Defense of the
    Triplet Loss for Person Re-Identification", 2017, section 2, do so with triplets), but over a
    tenth of their kind at least, so that the last one or two do not steer alone. The positive
    margin leaves a class some room: without it, every pair of a class is pulled together for
    ever. The outliers' margin lies between the two: an odd picture of a class, which looks like
    none, stays nearer its class than another.

    Args:
        labels: integers of shape (n,); below 0 = an outlier, of no class.
        embeddings: floats of shape (n, dim), each row of unit length.
        positive_margin: distance up to which a same pair costs nothing.
        negative_margin: distance from which a different pair costs nothing.
        outlier_margin: distance from any picture from which an outlier costs nothing.

    Returns:
        float32 scalar; a kind of pair that the batch does not hold adds 0.

    Raises:
        ValueError: when labels and embeddings do not belong together.
    """
    validate_batch(labels, embeddings)
    distance = distances(embeddings)
    same, different = pair_masks(labels)
    together = same * ops.square(ops.relu(distance - positive_margin))
    of_a_class = ops.cast(labels >= 0, "float32")
    rivals = different * of_a_class[:, None] * of_a_class[None, :]
    apart = rivals * ops.square(ops.relu(negative_margin - distance))
    outliers = different - rivals
    away = outliers * ops.square(ops.relu(outlier_margin - distance))
    return (
        _mean_of_costly(together, same)
        + _mean_of_costly(apart, rivals)
        + _mean_of_costly(away, outliers)
    )


def _mean_of_costly(costs: Tensor, pairs: Tensor) -> Tensor:
    costly = ops.sum(ops.cast(costs > 0, "float32"))
    counted = ops.maximum(costly, LEAST_SHARE * ops.sum(pairs))
    return ops.sum(costs) / ops.maximum(counted, 1.0)


@keras.saving.register_keras_serializable(package="siam")
class BatchContrastiveLoss(keras.losses.Loss):
    """`batch_contrastive` as a Keras loss: labels (n,) against embeddings (n, dim).

    Args:
        positive_margin: distance up to which a same pair costs nothing.
        negative_margin: distance from which a different pair costs nothing.
        outlier_margin: distance from any picture from which an outlier costs nothing.
        name: name of the loss in logs.
        **kwargs: `reduction` and `dtype` of `keras.losses.Loss`.
    """

    def __init__(
        self,
        positive_margin: float = 0.3,
        negative_margin: float = 1.2,
        outlier_margin: float = 0.7,
        name: str = "contrastive",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.positive_margin = positive_margin
        self.negative_margin = negative_margin
        self.outlier_margin = outlier_margin

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the loss of the batch."""
        return batch_contrastive(
            y_true,
            y_pred,
            positive_margin=self.positive_margin,
            negative_margin=self.negative_margin,
            outlier_margin=self.outlier_margin,
        )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make this loss again."""
        return {
            **super().get_config(),
            "positive_margin": self.positive_margin,
            "negative_margin": self.negative_margin,
            "outlier_margin": self.outlier_margin,
        }
