"""What the batch losses share: every pair of a batch, its distance, whether it is of one class."""

from __future__ import annotations

from keras import ops

from siam.array_types import Tensor

__all__ = ["cosines", "distances", "pair_masks", "validate_batch"]

# The slope of a square root is infinite at 0, where two embeddings coincide.
_SMALLEST_SQUARE = 1e-12


def validate_batch(labels: Tensor, embeddings: Tensor) -> None:
    """Refuse labels and embeddings that do not belong together.

    Args:
        labels: integers of shape (n,).
        embeddings: floats of shape (n, dim).

    Raises:
        ValueError: when the shapes are of another form or the two counts differ.

    Example:
        >>> validate_batch(ops.zeros((4,), "int32"), ops.zeros((4, 2)))
    """
    label_shape, embedding_shape = tuple(labels.shape), tuple(embeddings.shape)
    if len(label_shape) != 1 or len(embedding_shape) != 2:
        raise ValueError(
            "A batch loss takes labels of shape (n,) and embeddings of shape (n, dim), "
            f"received labels {label_shape} and embeddings {embedding_shape}."
        )
    counts = {label_shape[0], embedding_shape[0]} - {None}
    if len(counts) > 1:
        raise ValueError(
            "A batch loss takes one label per embedding, "
            f"received {label_shape[0]} labels and {embedding_shape[0]} embeddings."
        )


def cosines(embeddings: Tensor) -> Tensor:
    """Cosine of every pair of unit embeddings.

    Args:
        embeddings: floats of shape (n, dim), each row of unit length.

    Returns:
        float32 (n, n), -1 to 1, larger = closer.
    """
    embeddings = ops.cast(embeddings, "float32")
    return ops.matmul(embeddings, ops.transpose(embeddings))


def distances(embeddings: Tensor) -> Tensor:
    """Euclidean distance of every pair of unit embeddings.

    |a - b|^2 = 2 - 2 cos(a, b) when |a| = |b| = 1, which needs one matrix product only.

    Args:
        embeddings: floats of shape (n, dim), each row of unit length.

    Returns:
        float32 (n, n), 0 to 2, smaller = closer; 1e-6 in place of 0.

    Example:
        >>> round(float(distances(ops.convert_to_tensor([[1.0, 0.0], [0.0, 1.0]]))[0, 1]), 4)
        1.4142
    """
    return ops.sqrt(ops.maximum(2.0 - 2.0 * cosines(embeddings), _SMALLEST_SQUARE))


def pair_masks(labels: Tensor) -> tuple[Tensor, Tensor]:
    """Which pairs of a batch are of one class and which are not; no picture is paired with itself.

    Args:
        labels: integers of shape (n,); below 0 = an outlier, which is of no class: different from
            every picture of a class, and neither same as nor different from another outlier.

    Returns:
        same: float32 (n, n), 1 where two different pictures share a label, else 0.
        different: float32 (n, n), 1 where the labels differ, else 0.
    """
    labels = ops.maximum(labels, -1)
    equal = ops.cast(ops.equal(labels[:, None], labels[None, :]), "float32")
    positions = ops.arange(ops.shape(labels)[0])
    itself = ops.cast(ops.equal(positions[:, None], positions[None, :]), "float32")
    of_a_class = ops.cast(labels >= 0, "float32")[:, None]
    return of_a_class * (equal - itself), 1.0 - equal
