"""Test-time augmentation inside the encoder: the mean embedding of a picture and moved copies.

A. Krizhevsky, I. Sutskever, G. Hinton, "ImageNet Classification with Deep Convolutional Neural
Networks", NIPS 2012, section 4.1 (averaging over crops).
"""

from __future__ import annotations

import keras
from keras import ops

from siam.array_types import Tensor
from siam.siamese.unit_length import unit_length

__all__ = ["MOVES", "VIEWS", "average_test_time_views"]

# Where the copies are moved to, in pixels (down, right), the picture itself first.
MOVES = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))
# The picture alone, or with all moves.
VIEWS = (1, len(MOVES))


def average_test_time_views(tower: keras.Model, *, views: int) -> keras.Model:
    """A tower that embeds each picture `views` times, moved by a pixel, and gives the mean.

    It takes `views` times as long to answer, and training is as before: wrap the trained tower.

    Args:
        tower: pictures (n, height, width, channels) to unit embeddings (n, dim).
        views: 1 = the tower itself, 5 = with moves along the axes.

    Returns:
        A Functional model of the same inputs, outputs and name.

    Raises:
        ValueError: when `views` is neither 1 nor 5.
    """
    if views not in VIEWS:
        raise ValueError(f"views must be 1 or 5, received {views}.")
    if views == 1:
        return tower
    inputs = keras.Input(tower.input_shape[1:], name="picture")
    # One pass over all copies: the graph holds the tower once.
    embeddings = tower(ops.concatenate(_copies(inputs), axis=0))
    by_view = ops.reshape(embeddings, (views, -1, embeddings.shape[-1]))
    outputs = unit_length(ops.mean(by_view, axis=0), name="mean_embedding")
    return keras.Model(inputs, outputs, name=tower.name)


def _copies(pictures: Tensor) -> list[Tensor]:
    """The pictures moved by each of `MOVES`; what comes in repeats the edge."""
    _, height, width, _ = pictures.shape
    framed = ops.pad(pictures, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="symmetric")
    return [
        framed[:, 1 - down : 1 - down + height, 1 - right : 1 - right + width]
        for down, right in MOVES
    ]
