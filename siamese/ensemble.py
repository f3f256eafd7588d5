"""Towers side by side: one network of several members, each trained by the loss on its own.

What one member gets wrong another often does not, and the mean of their distances is wrong less
often than any of them. L. K. Hansen, P. Salamon, "Neural Network Ensembles", IEEE PAMI 1990;
B. Lakshminarayanan, A. Pritzel, C. Blundell, "Simple and Scalable Predictive Uncertainty
Estimation using Deep Ensembles", NeurIPS 2017 (members that differ in their start alone).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from siam.array_types import Tensor
from siam.siamese.unit_length import unit_length

__all__ = ["EnsembleLoss", "ensemble_tower"]


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


@keras.saving.register_keras_serializable(package="siam")
class EnsembleLoss(keras.losses.Loss):
    """The mean of a batch loss over the members' own embeddings.

    A loss on the joined embedding would be content with a pair as soon as most members tell it
    apart; so each has to by itself, and they stay different.

    Args:
        main: the batch loss that every member is trained by.
        members: how many equal parts an embedding has.
        name: name of the loss in logs.
        **kwargs: `reduction` and `dtype` of `keras.losses.Loss`.

    Call arguments:
        y_true: integers of shape (n,).
        y_pred: floats of shape (n, dim), rows of unit length, as `ensemble_tower` gives them.
    """

    def __init__(
        self, main: keras.losses.Loss, members: int, name: str = "ensemble", **kwargs: Any
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.main = main
        self.members = members

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the loss of the batch."""
        # A part of a unit row of m equal parts is 1 / sqrt(m) long.
        parts = ops.split(ops.multiply(y_pred, self.members**0.5), self.members, axis=-1)
        return sum(self.main(y_true, part) for part in parts) / self.members

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make this loss again."""
        main = keras.losses.serialize(self.main)
        return {**super().get_config(), "main": main, "members": self.members}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> EnsembleLoss:
        """Make the loss from `get_config`."""
        return cls(**{**config, "main": keras.losses.deserialize(config["main"])})
