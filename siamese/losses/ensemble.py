"""A batch loss over an ensemble: the mean of what it says of each member's own embedding."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from siam.array_types import Tensor

__all__ = ["EnsembleLoss"]


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
