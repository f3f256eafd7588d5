"""Random distortion of a batch of pictures on the device, inside the training step.

The same distortions as `siam.training.augmentation.cpu` makes on the CPU, from the same draws, but
in `keras.ops`: on every backend, and as part of a compiled step. Pictures stay floats throughout,
where the CPU rounds to grey levels after each distortion.
"""

from __future__ import annotations

from collections.abc import Mapping

from keras import ops

from siam.array_types import Tensor
from siam.recipe import AugmentPolicy
from siam.training.augmentation.occlusions import OUTLINE, invert_bands, put_lines
from siam.training.augmentation.policy import interpolation

__all__ = ["distort"]


def distort(pictures: Tensor, drawn: Mapping[str, Tensor], policy: AugmentPolicy) -> Tensor:
    """Apply what was drawn for each picture.

    Args:
        pictures: float32 (n, height, width, channels), 0 to 255.
        drawn: what `siam.training.augmentation.policy.draw_distortion` returned for that shape.
        policy: what it was drawn by.

    Returns:
        float32 of the same shape, 0 to 255; what comes in from outside a picture repeats its edge.

    Example:
        >>> import numpy as np
        >>> from siam.training.augmentation.policy import draw_distortion
        >>> policy = AugmentPolicy(rotation=10)
        >>> drawn = draw_distortion((2, 28, 28, 1), rng=np.random.default_rng(0), policy=policy)
        >>> tuple(distort(ops.zeros((2, 28, 28, 1)), drawn, policy).shape)
        (2, 28, 28, 1)
    """
    if "outline" in drawn:
        thick, thin = _grown(pictures)
        outline = ops.where(thick - thin > OUTLINE, 255.0, 0.0)
        pictures = _blend(pictures, outline, drawn["outline"])
    if "stroke" in drawn:
        pictures = _stroke(pictures, drawn["stroke"])
    if "source" in drawn:
        pictures = _bend(pictures, drawn, policy)
    if "blur" in drawn:
        mean = ops.average_pool(_framed(pictures), 3, strides=1)
        pictures = _blend(pictures, mean, drawn["blur"])
    if "gain" in drawn:
        pictures = pictures * _for_each(drawn["gain"])
        if "noise" in drawn:
            pictures = pictures + drawn["noise"]
        pictures = ops.clip(pictures, 0.0, 255.0)
    if "line" in drawn:
        pictures = put_lines(
            pictures, ops.cast(drawn["corners"], "float32"), ops.cast(drawn["line"], "float32"), ops
        )
    if "bands" in drawn:
        pictures = invert_bands(pictures, ops.cast(drawn["bands"], "float32"), ops)
    if "blot" in drawn:
        pictures = _cut_out(pictures, drawn["blot"], policy.cutout_size)
    return pictures


def _for_each(values: Tensor) -> Tensor:
    """(n,) to (n, 1, 1, 1)."""
    return ops.reshape(values, (-1, 1, 1, 1))


def _framed(pictures: Tensor) -> Tensor:
    """With one more pixel all round, which repeats the edge."""
    return ops.pad(pictures, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="symmetric")


def _blend(pictures: Tensor, target: Tensor, share: Tensor) -> Tensor:
    """The share (n,) of the way from each picture to its target."""
    return pictures + (target - pictures) * _for_each(share)


def _stroke(pictures: Tensor, share: Tensor) -> Tensor:
    """Thicken (share > 0) or thin (share < 0) what is bright, by up to one pixel all round."""
    thick, thin = _grown(pictures)
    target = ops.where(_for_each(share) > 0, thick, thin)
    return _blend(pictures, target, ops.abs(share))


def _grown(pictures: Tensor) -> tuple[Tensor, Tensor]:
    """The brightest and the darkest of each pixel and its four neighbours."""
    framed = _framed(pictures)
    upright, level = framed[:, :, 1:-1], framed[:, 1:-1]
    near = [upright[:, :-2], upright[:, 2:], level[:, :, :-2], level[:, :, 2:]]
    thick = thin = pictures
    for neighbour in near:
        thick, thin = ops.maximum(thick, neighbour), ops.minimum(thin, neighbour)
    return thick, thin


def _bend(pictures: Tensor, drawn: Mapping[str, Tensor], policy: AugmentPolicy) -> Tensor:
    """Affine and elastic distortion: look up, between four pixels, where each comes from."""
    _, height, width, channels = pictures.shape
    columns, rows = _source_maps(height, width, drawn, policy)
    left, top = ops.floor(columns), ops.floor(rows)
    right, bottom = ops.minimum(left + 1, width - 1), ops.minimum(top + 1, height - 1)

    # One list of all pixels of the batch, so that a look-up is one position for each pixel.
    pixels = ops.reshape(pictures, (-1, channels))
    count = ops.shape(pictures)[0]
    first = ops.reshape(ops.arange(count, dtype="int32") * (height * width), (-1, 1, 1))

    def at(row: Tensor, column: Tensor) -> Tensor:
        return ops.take(pixels, first + ops.cast(row * width + column, "int32"), axis=0)

    across, down = (columns - left)[..., None], (rows - top)[..., None]
    upper = at(top, left) * (1 - across) + at(top, right) * across
    lower = at(bottom, left) * (1 - across) + at(bottom, right) * across
    return upper * (1 - down) + lower * down


def _source_maps(
    height: int, width: int, drawn: Mapping[str, Tensor], policy: AugmentPolicy
) -> tuple[Tensor, Tensor]:
    """Column and row that each pixel comes from, float32 (n, height, width) each."""
    x = ops.arange(width, dtype="float32") - (width - 1) / 2
    y = ops.arange(height, dtype="float32")[:, None] - (height - 1) / 2
    source = ops.cast(drawn["source"], "float32")[:, :, None, None]
    places = source[..., 0] * x + source[..., 1] * y + source[..., 2]
    if "waves" in drawn:
        smooth = ops.matmul(
            ops.matmul(interpolation(height), drawn["waves"]), interpolation(width).T
        )
        reach = ops.convert_to_tensor([policy.elastic * width, policy.elastic * height], "float32")
        places = places + smooth * reach[:, None, None]
    return ops.clip(places[:, 0], 0, width - 1), ops.clip(places[:, 1], 0, height - 1)


def _cut_out(pictures: Tensor, centres: Tensor, size: float) -> Tensor:
    """Blot out a square around a centre, with black."""

    def outside(side: int, centre: Tensor) -> Tensor:
        gap = ops.abs(ops.arange(side, dtype="float32") - centre[:, None])
        return ops.cast(gap >= size * side / 2, "float32")

    rows = outside(pictures.shape[1], centres[:, 0])[:, :, None, None]
    columns = outside(pictures.shape[2], centres[:, 1])[:, None, :, None]
    return pictures * ops.maximum(rows, columns)
