"""The multi-similarity loss: soft sums over the pairs that a miner finds worth it.

X. Wang et al., "Multi-Similarity Loss with General Pair Weighting for Deep Metric Learning",
CVPR 2019, equations 9 to 12.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from siam.array_types import Tensor
from siam.siamese.losses.pairwise import cosines, pair_masks, validate_batch

__all__ = ["MultiSimilarityLoss", "multi_similarity"]


def multi_similarity(
    labels: Tensor,
    embeddings: Tensor,
    *,
    alpha: float = 2.0,
    beta: float = 50.0,
    base: float = 0.5,
    slack: float = 0.1,
) -> Tensor:
    """Mean over anchors i, with the cosine s, of

          1/alpha log(1 + sum over kept same p of       e^(-alpha (s_ip - base)))
        + 1/beta  log(1 + sum over kept different n of  e^(beta (s_in - base)))

    A different pair is kept when it is closer than the anchor's farthest same pair, a same pair
    when it is farther than its closest different pair, each with `slack` to spare.

    Args:
        labels: integers of shape (n,).
        embeddings: floats of shape (n, dim), each row of unit length.
        alpha: sharpness for same pairs.
        beta: sharpness for different pairs.
        base: cosine that a same pair should exceed and a different pair stay under.
        slack: cosine by which an easy pair may miss being hard and still be kept.

    Returns:
        float32 scalar; 0 when no pair is kept.

    Raises:
        ValueError: when labels and embeddings do not belong together.
    """
    validate_batch(labels, embeddings)
    same, different = pair_masks(labels)
    cosine = cosines(embeddings)
    # Beyond any cosine, so that an anchor without such pairs keeps none of the other kind.
    farthest_same = ops.min(ops.where(same > 0, cosine, 9.0), axis=1, keepdims=True)
    closest_different = ops.max(ops.where(different > 0, cosine, -9.0), axis=1, keepdims=True)
    kept_same = same * ops.cast(cosine - slack < closest_different, "float32")
    kept_different = different * ops.cast(cosine + slack > farthest_same, "float32")
    together = ops.sum(kept_same * ops.exp(-alpha * (cosine - base)), axis=1)
    apart = ops.sum(kept_different * ops.exp(beta * (cosine - base)), axis=1)
    return ops.mean(ops.log1p(together) / alpha + ops.log1p(apart) / beta)


@keras.saving.register_keras_serializable(package="siam")
class MultiSimilarityLoss(keras.losses.Loss):
    """`multi_similarity` as a Keras loss: labels (n,) against embeddings (n, dim).

    Args:
        alpha: sharpness for same pairs.
        beta: sharpness for different pairs.
        base: cosine that a same pair should exceed and a different pair stay under.
        slack: cosine by which an easy pair may miss being hard and still be kept.
        name: name of the loss in logs.
        **kwargs: `reduction` and `dtype` of `keras.losses.Loss`.
    """

    def __init__(
        self,
        alpha: float = 2.0,
        beta: float = 50.0,
        base: float = 0.5,
        slack: float = 0.1,
        name: str = "multi_similarity",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.alpha = alpha
        self.beta = beta
        self.base = base
        self.slack = slack

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the loss of the batch."""
        return multi_similarity(
            y_true, y_pred, alpha=self.alpha, beta=self.beta, base=self.base, slack=self.slack
        )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make this loss again."""
        return {
            **super().get_config(),
            "alpha": self.alpha,
            "beta": self.beta,
            "base": self.base,
            "slack": self.slack,
        }
