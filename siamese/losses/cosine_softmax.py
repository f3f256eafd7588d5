"""The cosine softmax: each picture against the mean embedding of every class in the batch.

J. Snell, K. Swersky, R. Zemel, "Prototypical Networks for Few-shot Learning", NIPS 2017 (class
means as prototypes); J. Deng et al., "ArcFace: Additive Angular Margin Loss for Deep Face
Recognition", CVPR 2019, equation 3 (scale and angular margin). A P x K batch gives every class K
pictures, so its mean is a prototype that needs no weights of its own.
"""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from siam.array_types import Tensor
from siam.siamese.losses.pairwise import masked_logsumexp, pair_masks, validate_batch

__all__ = ["CosineSoftmaxLoss", "cosine_softmax"]


def cosine_softmax(
    labels: Tensor, embeddings: Tensor, *, scale: float = 16.0, angle: float = 0.0
) -> Tensor:
    """Mean over pictures i of class y of
    -log e^(scale cos(t_y + angle)) / (e^(scale cos(t_y + angle)) + sum_c e^(scale cos t_c)).

    t_c is the angle to the mean direction of class c in the batch, c runs over the other classes,
    and the mean of y leaves out i itself.

    Args:
        labels: integers of shape (n,).
        embeddings: floats of shape (n, dim), each row of unit length.
        scale: sharpness of the softmax, > 0.
        angle: ArcFace's margin in radians, 0 to pi; 0 = the plain cosine softmax.

    Returns:
        float32 scalar; pictures alone in their class are left out, 0 when all are.

    Raises:
        ValueError: when labels and embeddings do not belong together.
    """
    validate_batch(labels, embeddings)
    embeddings = ops.cast(embeddings, "float32")
    same, different = pair_masks(labels)
    # One row per picture: the sum of the others of its class, then with itself.
    others = ops.matmul(same, embeddings)
    rows = others + embeddings
    to_own = ops.sum(embeddings * _unit(others), axis=1)
    to_rows = ops.matmul(embeddings, ops.transpose(_unit(rows)))
    own = scale * _widen(to_own, angle)
    # Every picture of a class holds the same row, so each weighs one part of the class.
    class_size = ops.sum(same, axis=1) + 1.0
    rivals = masked_logsumexp(scale * to_rows - ops.log(class_size)[None, :], different)
    losses = ops.softplus(rivals - own)
    anchors = ops.cast(class_size > 1, "float32")
    return ops.sum(anchors * losses) / ops.maximum(ops.sum(anchors), 1.0)


def _unit(vectors: Tensor) -> Tensor:
    """Rows of unit length; a row of zeros stays so, with a finite slope."""
    square = ops.sum(ops.square(vectors), axis=1, keepdims=True)
    return vectors * ops.rsqrt(ops.maximum(square, 1e-12))


def _widen(cosine: Tensor, angle: float) -> Tensor:
    """cos(t + angle) from cos(t); beyond t = pi - angle a line goes on, to keep it falling."""
    if angle == 0.0:
        return cosine
    sine = ops.sqrt(ops.maximum(1.0 - ops.square(cosine), 1e-12))
    widened = cosine * math.cos(angle) - sine * math.sin(angle)
    return ops.where(cosine > -math.cos(angle), widened, cosine - 1.0 + math.cos(angle))


@keras.saving.register_keras_serializable(package="siam")
class CosineSoftmaxLoss(keras.losses.Loss):
    """`cosine_softmax` as a Keras loss: labels (n,) against embeddings (n, dim).

    Args:
        scale: sharpness of the softmax.
        angle: ArcFace's margin in radians; 0 = the plain cosine softmax.
        name: name of the loss in logs.
        **kwargs: `reduction` and `dtype` of `keras.losses.Loss`.
    """

    def __init__(
        self,
        scale: float = 16.0,
        angle: float = 0.0,
        name: str = "cosine_softmax",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.scale = scale
        self.angle = angle

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the loss of the batch."""
        return cosine_softmax(y_true, y_pred, scale=self.scale, angle=self.angle)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make this loss again."""
        return {**super().get_config(), "scale": self.scale, "angle": self.angle}
