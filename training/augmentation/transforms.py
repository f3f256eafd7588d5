"""What each kind of random distortion does to a batch of pictures, in NumPy or in `keras.ops`.

`keras.ops` runs it on the device, on every backend and inside the compiled training step. NumPy
runs the same functions on the CPU, for `cpu.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from keras import ops

from siam.array_types import Tensor
from siam.recipe import AugmentPolicy
from siam.training.augmentation.occlusions import OUTLINE, invert_bands, put_lines
from siam.training.augmentation.policy import interpolation

__all__ = ["STEPS", "distort", "source_maps"]

Drawn = Mapping[str, Tensor]


def distort(pictures: Tensor, drawn: Drawn, policy: AugmentPolicy) -> Tensor:
    """Apply what was drawn for each picture, by `keras.ops`.

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
    drawn = {name: ops.convert_to_tensor(values) for name, values in drawn.items()}
    for name, step in STEPS.items():
        if name in drawn:
            pictures = step(pictures, drawn, policy, ops)
    return pictures


def _for_each(values: Tensor) -> Tensor:
    """(n,) to (n, 1, 1, 1)."""
    return values[:, None, None, None]


def _framed(pictures: Tensor, library: Any) -> Tensor:
    """With one more pixel all round, which repeats the edge."""
    return library.pad(pictures, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="symmetric")


def _blend(pictures: Tensor, target: Tensor, share: Tensor) -> Tensor:
    """The share (n,) of the way from each picture to its target."""
    return pictures + (target - pictures) * _for_each(share)


def _outline(pictures: Tensor, drawn: Drawn, policy: AugmentPolicy, library: Any) -> Tensor:
    """Leave the outlines alone, white on black."""
    thick, thin = _grown(pictures, library)
    outline = library.where(thick - thin > OUTLINE, 255.0, 0.0)
    return _blend(pictures, outline, drawn["outline"])


def _stroke(pictures: Tensor, drawn: Drawn, policy: AugmentPolicy, library: Any) -> Tensor:
    """Thicken (share > 0) or thin (share < 0) what is bright, by up to one pixel all round."""
    share = drawn["stroke"]
    thick, thin = _grown(pictures, library)
    target = library.where(_for_each(share) > 0, thick, thin)
    return _blend(pictures, target, library.abs(share))


def _grown(pictures: Tensor, library: Any) -> tuple[Tensor, Tensor]:
    """The brightest and the darkest of each pixel and its four neighbours."""
    framed = _framed(pictures, library)
    upright, level = framed[:, :, 1:-1], framed[:, 1:-1]
    near = [upright[:, :-2], upright[:, 2:], level[:, :, :-2], level[:, :, 2:]]
    thick = thin = pictures
    for neighbour in near:
        thick, thin = library.maximum(thick, neighbour), library.minimum(thin, neighbour)
    return thick, thin


def _bend(pictures: Tensor, drawn: Drawn, policy: AugmentPolicy, library: Any) -> Tensor:
    """Affine and elastic distortion: look up, between four pixels, where each comes from.

    By `keras.ops` alone: on the CPU OpenCV does it (`cpu.py`).
    """
    _, height, width, channels = pictures.shape
    columns, rows = source_maps(height, width, drawn, policy, library)
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


def source_maps(
    height: int, width: int, drawn: Drawn, policy: AugmentPolicy, library: Any
) -> tuple[Tensor, Tensor]:
    """Column and row that each pixel comes from, float32 (n, height, width) each."""
    x = library.arange(width, dtype="float32") - (width - 1) / 2
    y = library.arange(height, dtype="float32") - (height - 1) / 2
    along_x, along_y, offset = (drawn["source"][:, :, which, None] for which in range(3))
    places = (along_x * x + offset)[:, :, None] + (along_y * y)[..., None]
    if "waves" in drawn:
        smooth = library.matmul(
            library.matmul(interpolation(height), drawn["waves"]), interpolation(width).T
        )
        reach = library.array([policy.elastic * width, policy.elastic * height], "float32")
        places = places + smooth * reach[:, None, None]
    return library.clip(places[:, 0], 0, width - 1), library.clip(places[:, 1], 0, height - 1)


def _blur(pictures: Tensor, drawn: Drawn, policy: AugmentPolicy, library: Any) -> Tensor:
    """Blend with the mean over 3 x 3 pixels."""
    framed = _framed(pictures, library)
    tall = framed[:, :-2] + framed[:, 1:-1] + framed[:, 2:]
    mean = (tall[:, :, :-2] + tall[:, :, 1:-1] + tall[:, :, 2:]) / 9
    return _blend(pictures, mean, drawn["blur"])


def _grey_levels(pictures: Tensor, drawn: Drawn, policy: AugmentPolicy, library: Any) -> Tensor:
    """Change the contrast, then add noise."""
    pictures = pictures * _for_each(drawn["gain"])
    if "noise" in drawn:
        pictures = pictures + drawn["noise"]
    return library.clip(pictures, 0.0, 255.0)


def _lines(pictures: Tensor, drawn: Drawn, policy: AugmentPolicy, library: Any) -> Tensor:
    return put_lines(pictures, drawn["corners"], drawn["line"], library)


def _bands(pictures: Tensor, drawn: Drawn, policy: AugmentPolicy, library: Any) -> Tensor:
    return invert_bands(pictures, drawn["bands"], library)


def _cut_out(pictures: Tensor, drawn: Drawn, policy: AugmentPolicy, library: Any) -> Tensor:
    """Blot out a square around a centre, with black."""
    _, height, width, _ = pictures.shape

    def inside(side: int, centre: Tensor) -> Tensor:
        gap = library.abs(library.arange(side, dtype="float32") - centre[:, None])
        return gap < policy.cutout_size * side / 2

    rows = inside(height, drawn["blot"][:, 0])[:, :, None, None]
    columns = inside(width, drawn["blot"][:, 1])[:, None, :, None]
    return library.where(library.logical_and(rows, columns), 0.0, pictures)


# By the name of what is drawn for it, in the order in which they are applied.
STEPS: dict[str, Callable[[Tensor, Drawn, AugmentPolicy, Any], Tensor]] = {
    "outline": _outline,
    "stroke": _stroke,
    "source": _bend,
    "blur": _blur,
    "gain": _grey_levels,
    "line": _lines,
    "bands": _bands,
    "blot": _cut_out,
}
