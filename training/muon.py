"""Muon: momentum whose every singular value is made 1, for kernels; AdamW for all else.

K. Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024; J. Liu et al.,
"Muon is Scalable for LLM Training", 2025 (the factor that lets it share AdamW's learning rate).
A step so made turns every direction of a kernel alike, also those that few pictures ask for.

Keras' own Muon leaves convolutions, whose kernels have four dimensions, to AdamW.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from siam.array_types import Tensor

__all__ = ["Muon", "orthogonalise"]

# Jordan's coefficients: five rounds bring every singular value from 0.01 to 1 near 1.
QUINTIC = (3.4445, -4.7750, 2.0315)
ROUNDS = 5


def orthogonalise(matrix: Tensor) -> Tensor:
    """Bring the singular values of a matrix near 1 (0.7 to 1.2) by Newton-Schulz rounds.

    Args:
        matrix: float32 (rows, columns), its rank full or nearly so.

    Returns:
        A tensor of the same shape with about the same singular vectors.

    Example:
        >>> matrix = ops.convert_to_tensor([[3.0, 0.0], [0.0, 0.1]])
        >>> bool(ops.all(ops.abs(ops.diagonal(orthogonalise(matrix)) - 1) < 0.35))
        True
    """
    a, b, c = QUINTIC
    wide = matrix.shape[0] <= matrix.shape[1]
    x = matrix if wide else ops.transpose(matrix)
    x = x / (ops.sqrt(ops.sum(ops.square(x))) + 1e-7)
    for _ in range(ROUNDS):
        square = ops.matmul(x, ops.transpose(x))
        x = a * x + ops.matmul(b * square + c * ops.matmul(square, square), x)
    return x if wide else ops.transpose(x)


@keras.saving.register_keras_serializable(package="siam")
class Muon(keras.optimizers.AdamW):
    """AdamW that updates the kernels of convolutions by orthogonalise momentum.

    Args:
        learning_rate: a float or a schedule, shared by both kinds of update.
        weight_decay: decoupled weight decay, as in AdamW.
        momentum: share of the past gradients that a step keeps, 0 to 1.
        **kwargs: what `keras.optimizers.AdamW` takes.

    Example:
        >>> Muon(0.01, momentum=0.9).get_config()["momentum"]
        0.9
    """

    def __init__(
        self,
        learning_rate: Any = 1e-3,
        weight_decay: float = 1e-2,
        *,
        momentum: float = 0.95,
        name: str = "muon",
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, weight_decay=weight_decay, name=name, **kwargs)
        self.momentum = momentum

    def build(self, var_list: list[Any]) -> None:
        """Make the running momentum of every kernel, beside AdamW's variables."""
        if self.built:
            return
        super().build(var_list)
        self.kernel_momenta = [
            self.add_variable_from_reference(variable, name="kernel_momentum")
            if len(variable.shape) > 2
            else None
            for variable in var_list
        ]

    def update_step(self, gradient: Tensor, variable: Any, learning_rate: Any) -> None:
        """Move a kernel by its orthogonalise momentum, anything else as AdamW does."""
        momentum = self.kernel_momenta[self._get_variable_index(variable)]
        if momentum is None:
            super().update_step(gradient, variable, learning_rate)
            return
        gradient = ops.cast(gradient, variable.dtype)
        self.assign(momentum, self.momentum * momentum + gradient)
        # Nesterov's look ahead: the momentum as the next step will see it.
        ahead = gradient + self.momentum * momentum
        # One column per channel that comes out, one row per weight that feeds it.
        step = orthogonalise(ops.reshape(ahead, (-1, ahead.shape[-1])))
        # As long as a step of AdamW: 0.2 root mean square.
        length = 0.2 * max(step.shape) ** 0.5
        rate = ops.cast(learning_rate, variable.dtype)
        self.assign_sub(variable, ops.reshape(rate * length * step, variable.shape))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make this optimizer again."""
        return {**super().get_config(), "momentum": self.momentum}
