"""The batch softmax: each same pair against the different pictures of the batch (NT-Xent).

K. Sohn, "Improved Deep Metric Learning with Multi-class N-pair Loss Objective", NIPS 2016;
T. Chen et al., "A Simple Framework for Contrastive Learning of Visual Representations" (SimCLR),
ICML 2020, equation 1, with labels in place of two views.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from siam.array_types import Tensor
from siam.siamese.losses.pairwise import (
    cosines,
    masked_logsumexp,
    pair_masks,
    validate_batch,
)

__all__ = ["BatchSoftmaxLoss", "batch_softmax"]


def batch_softmax(labels: Tensor, embeddings: Tensor, *, temperature: float = 0.1) -> Tensor:
    """Mean over same pairs (i, p) of  -log e^(s_ip/t) / (e^(s_ip/t) + sum_n e^(s_in/t)).

    s is the cosine and n runs over the pictures of other classes than i. Unlike in the supervised
    contrastive loss, the other pictures of the same class do not compete with p.

    Args:
        labels: integers of shape (n,).
        embeddings: floats of shape (n, dim), each row of unit length.
        temperature: t; smaller = only the closest pictures count.

    Returns:
        float32 scalar; 0 when no two pictures share a label.

    Raises:
        ValueError: when labels and embeddings do not belong together.
    """
    validate_batch(labels, embeddings)
    same, different = pair_masks(labels)
    logits = cosines(embeddings) / temperature
    rivals = masked_logsumexp(logits, different)[:, None]
    of_pair = ops.softplus(rivals - logits)
    return ops.sum(same * of_pair) / ops.maximum(ops.sum(same), 1.0)


@keras.saving.register_keras_serializable(package="siam")
class BatchSoftmaxLoss(keras.losses.Loss):
    """`batch_softmax` as a Keras loss: labels (n,) against embeddings (n, dim).

    Args:
        temperature: smaller = only the closest pictures count.
        name: name of the loss in logs.
        **kwargs: `reduction` and `dtype` of `keras.losses.Loss`.
    """

    def __init__(
        self, temperature: float = 0.1, name: str = "batch_softmax", **kwargs: Any
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.temperature = temperature

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the loss of the batch."""
        return batch_softmax(y_true, y_pred, temperature=self.temperature)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make this loss again."""
        return {**super().get_config(), "temperature": self.temperature}
