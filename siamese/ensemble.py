"""Towers side by side: one network of several members.

What one member gets wrong another often does not, and the mean of their distances is wrong less
often than any of them. L. K. Hansen, P. Salamon, "Neural Network Ensembles", IEEE PAMI 1990;
B. Lakshminarayanan, A. Pritzel, C. Blundell, "Simple and Scalable Predictive Uncertainty
Estimation using Deep Ensembles", NeurIPS 2017 (members that differ in their start alone).
"""

from __future__ import annotations

from collections.abc import Callable

import keras
from keras import ops

from siam.siamese.unit_length import unit_length

__all__ = ["ensemble_tower"]


def ensemble_tower(
    build: Callable[..., keras.Model],
    input_shape: tuple[int, int, int],
    dim: int,
    *,
    members: int,
    name: str = "tower",
) -> keras.Model:
    """Build several towers of one kind over one input, their embeddings joined to one.

    The squared distance of two joined embeddings is the mean of the members' squared distances.

    Args:
        build: builder of a tower: (input_shape, dim, name=...) to a model.
        input_shape: height, width and channels of a picture.
        dim: length of the joined embedding; every member gives `dim / members` numbers of it.
        members: how many towers; 1 = a plain tower.
        name: name of the model.

    Returns:
        A Functional model, float32 (n, height, width, channels) to float32 (n, dim), unit length.

    Raises:
        ValueError: when `members` does not divide `dim`.

    Example:
        >>> from siam.siamese.towers import small_tower
        >>> ensemble_tower(small_tower, (28, 28, 1), 96, members=3).output_shape
        (None, 96)
    """
    if members < 1 or dim % members:
        raise ValueError(
            f"An embedding of {dim} numbers cannot be shared by {members} members: "
            "choose a dim that is a multiple of them."
        )
    if members == 1:
        return build(input_shape, dim, name=name)
    inputs = keras.Input(input_shape, name="picture")
    parts = [
        build(input_shape, dim // members, name=f"member_{position}")(inputs)
        for position in range(1, members + 1)
    ]
    joined = unit_length(ops.concatenate(parts, axis=-1), name="joined_embedding")
    return keras.Model(inputs, joined, name=name)
