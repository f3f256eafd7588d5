"""Towers: one branch of the Siamese network, from a picture to its embedding.

Every builder takes pictures as float32 (height, width, channels) in 0 to 255, scales them inside,
and ends in a unit-length float32 embedding, also under a mixed-precision policy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import keras
from keras import layers

from siam.array_types import Tensor
from siam.siamese.ensemble import ensemble_tower
from siam.siamese.unit_length import unit_length

__all__ = ["TOWERS", "build_tower", "deep_tower", "small_tower"]

# Channels of each convolution of the deep tower.
DEEP_WIDTHS = (32, 64, 64, 96, 96, 128)
# Share of the channels that a training step does without after each pair of them; before the
# embedding twice as many.
DROPOUT = 0.1


def small_tower(
    input_shape: tuple[int, int, int],
    dim: int = 64,
    *,
    widths: Sequence[int] = (32, 48, 96, 96),
    name: str = "tower",
) -> keras.Model:
    """Four plain convolutions, shaped for the arithmetic of a CPU.

    The first convolution halves the picture, where its one channel costs least; later ones keep
    their size and a pooling halves it, because the weight gradient of a strided convolution runs
    at a fifth of the speed. No batch normalisation between them: it would take a third of a
    step and gains nothing here; the one before the embedding is enough (docs/measurements.md).

    Args:
        input_shape: height, width and channels of a picture.
        dim: length of an embedding.
        widths: channels of each convolution.
        name: name of the model.

    Returns:
        A Functional model, float32 (n, height, width, channels) to float32 (n, dim), unit length.

    Example:
        >>> small_tower((28, 28, 1), 64).output_shape
        (None, 64)
    """
    inputs = keras.Input(input_shape, name="picture")
    x = layers.Rescaling(1 / 255, name="scale")(inputs)
    # Without padding: no window looks past the edge, and a quarter fewer pixels come out of it.
    x = layers.Conv2D(widths[0], 6, 2, "valid", activation="relu", name="stem")(x)
    for position, width in enumerate(widths[1:], start=2):
        # TensorFlow runs convolution, bias and ReLU as one operation.
        x = layers.Conv2D(
            width, 3, padding="same", activation="relu", name=f"convolution_{position}"
        )(x)
        x = _halve_while_large(x, f"pool_{position}")
    return keras.Model(inputs, _embedding(x, dim), name=name)


def deep_tower(
    input_shape: tuple[int, int, int],
    dim: int = 128,
    *,
    name: str = "tower",
) -> keras.Model:
    """Six normalised convolutions, for many classes and pictures with fine strokes.

    The first looks at the picture in full and is pooled to 16 pixels a side or less, where the
    others, in pairs, cost little. Batch normalisation and dropout of whole channels (Tompson et
    al., CVPR 2015) pay where classes are many and pictures few (docs/measurements.md).

    Args:
        input_shape: height, width and channels of a picture.
        dim: length of an embedding.
        name: name of the model.

    Returns:
        A Functional model, float32 (n, height, width, channels) to float32 (n, dim), unit length.

    Example:
        >>> deep_tower((64, 64, 1), 128).output_shape
        (None, 128)
    """
    inputs = keras.Input(input_shape, name="picture")
    x = layers.Rescaling(1 / 255, name="scale")(inputs)
    for position, width in enumerate(DEEP_WIDTHS, start=1):
        size, strides = (5, 2) if position == 1 else (3, 1)
        x = layers.Conv2D(
            width, size, strides, "same", use_bias=False, name=f"convolution_{position}"
        )(x)
        if position == 1:
            x = _halve_while_large(x, "pool_1", limit=16)
        elif position % 2:
            x = layers.MaxPooling2D(2, padding="same", name=f"pool_{position}")(x)
        x = layers.BatchNormalization(momentum=0.9, name=f"norm_{position}")(x)
        x = layers.ReLU(name=f"relu_{position}")(x)
        if position == len(DEEP_WIDTHS):
            x = layers.SpatialDropout2D(2 * DROPOUT, name=f"dropout_{position}")(x)
        elif position > 1 and position % 2:
            x = layers.SpatialDropout2D(DROPOUT, name=f"dropout_{position}")(x)
    return keras.Model(inputs, _embedding(x, dim), name=name)


TOWERS: dict[str, Callable[..., keras.Model]] = {
    "small": small_tower,
    "wide": partial(small_tower, widths=(32, 64, 128, 128)),
    "deep": deep_tower,
}


def build_tower(
    name: str, input_shape: tuple[int, int, int], dim: int, *, members: int = 1
) -> keras.Model:
    """Build a tower by its name in `TOWERS`, or several of that kind side by side.

    Args:
        name: a key of `TOWERS`.
        input_shape: height, width and channels of a picture.
        dim: length of an embedding.
        members: how many towers share it (see `siam.siamese.ensemble`).

    Raises:
        ValueError: when there is no tower of that name, or `members` does not divide `dim`.
    """
    if name not in TOWERS:
        raise ValueError(f"No tower is called {name!r}; there are {', '.join(TOWERS)}.")
    return ensemble_tower(TOWERS[name], input_shape, dim, members=members)


def _halve_while_large(x: Tensor, name: str, limit: int = 8) -> Tensor:
    """Pool 2 x 2 while a side is above `limit`, so that pictures of any size end small."""
    if max(x.shape[1], x.shape[2]) <= limit:
        return x
    return layers.MaxPooling2D(2, padding="same", name=name)(x)


def _embedding(x: Tensor, dim: int) -> Tensor:
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(dim, use_bias=False, name="projection")(x)
    x = layers.BatchNormalization(momentum=0.9, name="projection_norm")(x)
    return unit_length(x, name="embedding")
