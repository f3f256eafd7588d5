"""Towers: one branch of the Siamese network, from a picture to its embedding.

Every builder takes pictures as float32 (height, width, channels) in 0 to 255, scales them inside,
and ends in a unit-length float32 embedding, also under a mixed-precision policy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
from keras import layers

from siam.siamese.pairwise import Tensor

__all__ = ["TOWERS", "build_tower", "resnet_tower", "small_tower"]


def small_tower(
    input_shape: tuple[int, int, int],
    dim: int = 64,
    *,
    widths: Sequence[int] = (24, 48, 64, 128),
    name: str = "tower",
) -> keras.Model:
    """A plain convolutional tower; every second convolution halves the picture.

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
    inputs, x = _picture(input_shape)
    for position, width in enumerate(widths, start=1):
        strides = 2 if position % 2 == 0 or position == len(widths) else 1
        x = _convolution(x, width, 3, strides, f"convolution_{position}")
    x = layers.Flatten(name="flatten")(x)
    return keras.Model(inputs, _embedding(x, dim), name=name)


def resnet_tower(
    input_shape: tuple[int, int, int],
    dim: int = 64,
    *,
    widths: Sequence[int] = (32, 64, 128),
    blocks: int = 1,
    name: str = "tower",
) -> keras.Model:
    """A residual tower (He et al., CVPR 2016): `blocks` residual blocks per width.

    Args:
        input_shape: height, width and channels of a picture.
        dim: length of an embedding.
        widths: channels of each stage; each stage but the first halves the picture.
        blocks: residual blocks in each stage.
        name: name of the model.

    Returns:
        A Functional model, float32 (n, height, width, channels) to float32 (n, dim), unit length.

    Example:
        >>> resnet_tower((32, 32, 3), 128).output_shape
        (None, 128)
    """
    inputs, x = _picture(input_shape)
    x = _convolution(x, widths[0], 3, 2, "stem")
    for stage, width in enumerate(widths, start=1):
        for block in range(1, blocks + 1):
            strides = 2 if stage > 1 and block == 1 else 1
            x = _residual_block(x, width, strides, f"stage_{stage}_block_{block}")
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(inputs, _embedding(x, dim), name=name)


TOWERS: dict[str, Callable[..., keras.Model]] = {"small": small_tower, "resnet": resnet_tower}


def build_tower(name: str, input_shape: tuple[int, int, int], dim: int) -> keras.Model:
    """Build a tower by its name in `TOWERS`.

    Raises:
        ValueError: when there is no tower of that name.
    """
    if name not in TOWERS:
        raise ValueError(f"No tower is called {name!r}; there are {', '.join(TOWERS)}.")
    return TOWERS[name](input_shape, dim)


def _picture(input_shape: tuple[int, int, int]) -> tuple[Tensor, Tensor]:
    inputs = keras.Input(input_shape, name="picture")
    return inputs, layers.Rescaling(1 / 255, name="scale")(inputs)


def _convolution(x: Tensor, width: int, size: int, strides: int, name: str) -> Tensor:
    """Convolution, batch normalisation, ReLU; the normalisation's offset serves as the bias."""
    x = layers.Conv2D(width, size, strides, "same", use_bias=False, name=name)(x)
    x = layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(x)
    return layers.ReLU(name=f"{name}_relu")(x)


def _residual_block(x: Tensor, width: int, strides: int, name: str) -> Tensor:
    shortcut = x
    if strides != 1 or x.shape[-1] != width:
        shortcut = layers.Conv2D(
            width, 1, strides, "same", use_bias=False, name=f"{name}_shortcut"
        )(x)
        shortcut = layers.BatchNormalization(momentum=0.9, name=f"{name}_shortcut_norm")(shortcut)
    x = _convolution(x, width, 3, strides, f"{name}_a")
    x = layers.Conv2D(width, 3, 1, "same", use_bias=False, name=f"{name}_b")(x)
    x = layers.BatchNormalization(momentum=0.9, name=f"{name}_b_norm")(x)
    x = layers.Add(name=f"{name}_sum")([x, shortcut])
    return layers.ReLU(name=f"{name}_relu")(x)


def _embedding(x: Tensor, dim: int) -> Tensor:
    x = layers.Dense(dim, use_bias=False, name="projection")(x)
    x = layers.BatchNormalization(momentum=0.9, name="projection_norm")(x)
    # float32 whatever the policy: a bfloat16 cosine resolves only 1 part in 256.
    return layers.UnitNormalization(name="embedding", dtype="float32")(x)
