"""The one network behind every baseline: the sizes of the small tower, plus a layer of labels.

The baselines answer "do I need a Siamese network?" fairly only if they are the same size, so
these are the sizes of `siam.siamese.towers.small_tower`, and a test holds them together.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["CONVOLUTIONS", "FEATURES", "Convolutions", "check_shapes"]

# (channels, strides) of each 3 x 3 convolution; strides 2 halve the picture.
Convolutions = Sequence[tuple[int, int]]

CONVOLUTIONS: Convolutions = ((24, 1), (48, 2), (64, 1), (128, 2))

# Length of the penultimate features; equal to the length of the tower's embedding.
FEATURES = 64


def check_shapes(input_shape: tuple[int, int, int], num_classes: int) -> None:
    """Refuse shapes that no classifier can have.

    Args:
        input_shape: height, width and channels of a picture, each >= 1.
        num_classes: how many labels there are, >= 2.

    Raises:
        ValueError: with the rule and the value received.

    Example:
        >>> check_shapes((28, 28, 1), 10)
    """
    if len(input_shape) != 3 or min(input_shape) < 1:
        raise ValueError(
            "input_shape must be (height, width, channels), each at least 1, "
            f"received {tuple(input_shape)}."
        )
    if num_classes < 2:
        raise ValueError(f"A classifier needs num_classes >= 2, received {num_classes}.")
