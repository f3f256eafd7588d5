"""The baselines by name; all build with one signature, so that any can stand in for another."""

from __future__ import annotations

from collections.abc import Callable

import keras

from siam.classifiers import functional, residual, sequential, subclassed
from siam.classifiers.architecture import FEATURES

__all__ = ["STYLES", "Builder", "build_classifier"]

# (input_shape, num_classes, *, features) -> model
Builder = Callable[..., keras.Model]

STYLES: dict[str, Builder] = {
    "sequential": sequential.build,
    "functional": functional.build,
    "subclassed": subclassed.build,
    "residual": residual.build,
}


def build_classifier(
    style: str,
    input_shape: tuple[int, int, int],
    num_classes: int,
    *,
    features: int = FEATURES,
) -> keras.Model:
    """Build a baseline by its name in `STYLES`.

    Args:
        style: "sequential", "functional", "subclassed" or "residual".
        input_shape: height, width and channels of a picture.
        num_classes: how many labels there are, >= 2.
        features: length of the penultimate features.

    Returns:
        A model from float32 (n, height, width, channels) in 0 to 255 to float32
        (n, num_classes): the probability of each label, rows summing to 1.

    Raises:
        ValueError: no style of that name, or shapes that no classifier can have.

    Example:
        >>> build_classifier("functional", (28, 28, 1), 10).name
        'functional'
    """
    if style not in STYLES:
        raise ValueError(f"No style is called {style!r}; there are {', '.join(STYLES)}.")
    return STYLES[style](input_shape, num_classes, features=features)
