"""Histograms of oriented gradients as part of an embedding, for classes that are learned of later.

N. Dalal, B. Triggs, "Histograms of Oriented Gradients for Human Detection", CVPR 2005. Nothing in
them is trained, so they know a new class as well as an old one, where a trained tower knows the
ones that it was trained on better than others. All of it is convolutions, poolings and arithmetic,
so that every format which a tower is exported to carries it.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import layers, ops

from siam.array_types import Tensor
from siam.datasets.dataset import Split
from siam.siamese.backbone_features import compute_features
from siam.siamese.unit_length import unit_length
from siam.siamese.whitening import Whitening, choose_whitening

__all__ = ["gradient_tower", "join_gradients", "whiten_gradients"]

# Of a picture's height and of its width; of half a turn.
CELLS, DIRECTIONS = 8, 9
# Cosine between a gradient and a direction, both turned twice as far, from which on it counts.
NARROWNESS = 0.7
# Of a picture from 0 to 255: what lies on an even ground has a gradient of 0, whose root has none.
SMALLEST_SQUARE = 1e-3
# Votes of a cell that are not made as long as another's: paper and noise.
FAINT_SQUARE = 10.0


def gradient_tower(input_shape: tuple[int, int, int], *, name: str = "gradients") -> keras.Model:
    """Build the histograms of oriented gradients as a tower that needs no training.

    Args:
        input_shape: height and width of a picture, three or more, and its channels, whose mean is
            looked at.
        name: name of the model.

    Returns:
        A Functional model, float32 (n, height, width, channels) in 0 to 255 to (n, dim), unit
        length: nine directions for each of 8 x 8 cells.

    Example:
        >>> gradient_tower((64, 64, 1)).output_shape
        (None, 576)
    """
    inputs = keras.Input(input_shape, name="picture")
    slopes = fixed_convolution(inputs, slope_kernel(input_shape[2]), name="slopes")
    slopes = layers.ZeroPadding2D(1, name="frame")(slopes)  # a picture's edge is no edge in it
    right, down = slopes[..., :1], slopes[..., 1:]
    strength = ops.sqrt(right * right + down * down + SMALLEST_SQUARE)
    # The angle twice over, because a gradient and its opposite are one direction.
    doubled = ops.concatenate(
        [(right * right - down * down) / strength, 2 * right * down / strength, strength], axis=-1
    )
    votes = layers.ReLU(name="votes")(
        fixed_convolution(doubled, direction_kernel(), name="directions")
    )
    cell = [-(-side // CELLS) for side in input_shape[:2]]
    # Each cell looks half a cell into its neighbours, so that a stroke may lie a little elsewhere.
    cells = layers.AveragePooling2D(
        [2 * side for side in cell], strides=cell, padding="same", name="cells"
    )(votes)
    squares = ops.sum(ops.square(cells), axis=-1, keepdims=True)
    even = layers.Flatten(name="flatten")(cells * ops.rsqrt(squares + FAINT_SQUARE))
    return keras.Model(inputs, unit_length(even, name="gradients"), trainable=False, name=name)


def join_gradients(
    tower: keras.Model, *, share: float, whitening: Whitening | None = None
) -> keras.Model:
    """A trained tower with oriented gradients beside it.

    Args:
        tower: pictures (n, height, width, channels) to unit embeddings (n, dim).
        share: of the squared distance, 0 to 1, that is the gradients'; 0 = the tower itself.
        whitening: of the gradients, which has its part of that; None = as they are alone.

    Returns:
        A Functional model of the same inputs and name, its embedding as much longer.
    """
    if share == 0:
        return tower
    inputs = keras.Input(tower.input_shape[1:], name="picture")
    parts = {"tower": tower(inputs), "gradients": gradient_tower(tower.input_shape[1:])(inputs)}
    weights = {"tower": 1 - share, "gradients": share}
    if whitening is not None:
        whitened = whitening.components.layer(parts["gradients"], name="whitening")
        parts["whitened"] = unit_length(whitened, name="whitened_length")
        weights["whitened"] = share * whitening.share
        weights["gradients"] -= weights["whitened"]
    joined = ops.concatenate(
        [float(np.sqrt(weights[part])) * parts[part] for part in parts], axis=-1
    )
    return keras.Model(inputs, unit_length(joined, name="joined_embedding"), name=tower.name)


def whiten_gradients(train: Split, *, seed: int) -> Whitening | None:
    """Choose a whitening of the gradients by classes that are left out in turn.

    Args:
        train: uint8 pictures and their classes.
        seed: of what is left out together.

    Returns:
        None where classes left out are told apart as well without.
    """
    rows = compute_features(gradient_tower(train.pictures.shape[1:]), train.pictures)
    return choose_whitening(rows, train.labels, seed=seed)


def fixed_convolution(x: Tensor, kernel: np.ndarray, *, name: str) -> Tensor:
    """Convolve by a kernel that is not trained."""
    layer = layers.Conv2D(
        kernel.shape[3], kernel.shape[:2], use_bias=False, trainable=False, name=name
    )
    convolved = layer(x)
    layer.set_weights([kernel])
    return convolved


def slope_kernel(channels: int) -> np.ndarray:
    """Return central differences of the channels' mean, to the right and down."""
    kernel = np.zeros((3, 3, channels, 2), np.float32)
    kernel[1, (0, 2), :, 0] = [[-0.5], [0.5]]
    kernel[(0, 2), 1, :, 1] = [[-0.5], [0.5]]
    return kernel / np.float32(channels)


def direction_kernel() -> np.ndarray:
    """Return what counts for each direction of cosine, sine and strength."""
    angles = 2 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    rows = [np.cos(angles), np.sin(angles), np.full(DIRECTIONS, -NARROWNESS)]
    return np.stack(rows).astype(np.float32)[None, None]
