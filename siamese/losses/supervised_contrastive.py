"""The supervised contrastive loss: each same pair against everything else in the batch.

P. Khosla et al., "Supervised Contrastive Learning", NeurIPS 2020, equation 2 (L_out).
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from siam.array_types import Tensor
from siam.siamese.losses.pairwise import cosines, pair_masks, validate_batch

__all__ = ["SupervisedContrastiveLoss", "supervised_contrastive"]


def supervised_contrastive(
    labels: Tensor, embeddings: Tensor, *, temperature: float = 0.1
) -> Tensor:
    """Mean over anchors i of  -1/|P(i)| sum_{p in P(i)} log softmax_{a != i}(z_i z_a / t)[p].

    P(i) are the other pictures of the class of i; the softmax runs over all other pictures.

    Args:
        labels: integers of shape (n,).
        embeddings: floats of shape (n, dim), each row of unit length.
        temperature: t; smaller = only the closest pictures count.

    Returns:
        float32 scalar; anchors alone in their class are left out, 0 when all are.

    Raises:
        ValueError: when labels and embeddings do not belong together.
    """
    validate_batch(labels, embeddings)
    same, different = pair_masks(labels)
    logits = cosines(embeddings) / temperature
    # A row where nothing counts weighs e^-1e9, which is nothing.
    counted = ops.where(same + different > 0, logits, -1e9)
    log_total = ops.logsumexp(counted, axis=1, keepdims=True)
    positives = ops.sum(same, axis=1)
    of_anchor = ops.sum(same * (log_total - logits), axis=1) / ops.maximum(positives, 1.0)
    anchors = ops.cast(positives > 0, "float32")
    return ops.sum(of_anchor) / ops.maximum(ops.sum(anchors), 1.0)


@keras.saving.register_keras_serializable(package="siam")
class SupervisedContrastiveLoss(keras.losses.Loss):
    """`supervised_contrastive` as a Keras loss: labels (n,) against embeddings (n, dim).

    Args:
        temperature: smaller = only the closest pictures count.
        name: name of the loss in logs.
        **kwargs: `reduction` and `dtype` of `keras.losses.Loss`.
    """

    def __init__(
        self, temperature: float = 0.1, name: str = "supervised_contrastive", **kwargs: Any
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.temperature = temperature

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the loss of the batch."""
        return supervised_contrastive(y_true, y_pred, temperature=self.temperature)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make this loss again."""
        return {**super().get_config(), "temperature": self.temperature}
