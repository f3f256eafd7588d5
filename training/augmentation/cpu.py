"""Random distortion of a batch of pictures on the CPU, vectorised over the batch.

All pictures of a batch are stacked into one tall picture, and one `cv2.remap` bends them all:
there is no Python per picture, and OpenCV frees the interpreter, so that it runs beside the
training step. The result depends on the generator alone, so that a training resumed at any step
draws the same pictures.

P. Simard, D. Steinkraus, J. Platt, "Best Practices for Convolutional Neural Networks Applied to
Visual Document Analysis", ICDAR 2003 (affine and elastic distortion); T. DeVries, G. Taylor,
"Improved Regularization of Convolutional Neural Networks with Cutout", 2017 (occlusion).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from siam.recipe import AugmentPolicy
from siam.training.augmentation.occlusions import OUTLINE, invert_bands, put_lines
from siam.training.augmentation.policy import Draws, draw_distortion, interpolation

__all__ = ["augment_batch"]

# OpenCV's remap addresses at most this many rows or columns.
_REMAP_LIMIT = 32_000
_interpolation = lru_cache(maxsize=16)(interpolation)


def augment_batch(
    pictures: np.ndarray, *, rng: np.random.Generator, policy: AugmentPolicy
) -> np.ndarray:
    """Distort each picture of a batch in its own random way.

    Args:
        pictures: uint8 (n, height, width, channels).
        rng: where all randomness comes from; the same state gives the same result.
        policy: how far.

    Returns:
        uint8 of the same shape; what comes in from outside a picture repeats its edge.

    Raises:
        ValueError: when `pictures` is not uint8 of rank 4.

    Example:
        >>> pictures = np.zeros((8, 28, 28, 1), np.uint8)
        >>> policy = AugmentPolicy(rotation=10, shift=0.1)
        >>> augment_batch(pictures, rng=np.random.default_rng(0), policy=policy).shape
        (8, 28, 28, 1)
    """
    if pictures.ndim != 4 or pictures.dtype != np.uint8:
        raise ValueError(
            "Pictures must be uint8 of shape (n, height, width, channels), "
            f"received {pictures.dtype} of shape {pictures.shape}."
        )
    if len(pictures) == 0:
        return pictures.copy()
    n, height, width, channels = pictures.shape
    drawn = draw_distortion((n, height, width, channels), rng=rng, policy=policy)
    if "outline" in drawn:
        pictures = _outline(pictures, drawn["outline"])
    if "stroke" in drawn:
        pictures = _stroke(pictures, drawn["stroke"])
    if "source" in drawn:
        pictures = _bend(pictures, drawn, policy)
    if "blur" in drawn:
        pictures = _blur(pictures, drawn["blur"])
    if "gain" in drawn:
        pictures = _grey_levels(pictures, drawn)
    if "line" in drawn:
        pictures = _lines(pictures, drawn["corners"], drawn["line"])
    if "bands" in drawn:
        pictures = invert_bands(pictures, drawn["bands"])
    if "blot" in drawn:
        pictures = _cut_out(pictures, drawn["blot"], policy.cutout_size)
    return pictures


def _bend(pictures: np.ndarray, drawn: Draws, policy: AugmentPolicy) -> np.ndarray:
    """Affine and elastic distortion: look up where each pixel of the result comes from."""
    import cv2

    n, height, width, channels = pictures.shape
    columns, rows = _source_maps(height, width, drawn, policy)
    bent = np.empty_like(pictures)
    share = max(1, _REMAP_LIMIT // height)
    for start in range(0, n, share):
        part = slice(start, min(start + share, n))
        count = part.stop - part.start
        # Coordinates stay inside their own picture, so that no neighbour in the stack shows.
        tall_rows = rows[part] + (np.arange(count, dtype=np.float32) * height)[:, None, None]
        tall = pictures[part].reshape(count * height, width, channels)
        result = cv2.remap(
            tall,
            columns[part].reshape(count * height, width),
            tall_rows.reshape(count * height, width),
            cv2.INTER_LINEAR,
        )
        bent[part] = result.reshape(count, height, width, channels)
    return bent


def _source_maps(
    height: int, width: int, drawn: Draws, policy: AugmentPolicy
) -> tuple[np.ndarray, np.ndarray]:
    """Column and row that each pixel comes from, float32 (n, height, width) each."""
    x = np.arange(width, dtype=np.float32) - (width - 1) / 2
    y = np.arange(height, dtype=np.float32) - (height - 1) / 2

    def plane(which: int) -> np.ndarray:
        along_x, along_y, offset = drawn["source"][:, which].T
        line_x = along_x[:, None] * x + offset[:, None]
        line_y = along_y[:, None] * y
        mapped: np.ndarray = line_y[:, :, None] + line_x[:, None, :]
        return mapped

    def waves(which: int) -> np.ndarray:
        grid = drawn["waves"][:, which]
        smooth: np.ndarray = _interpolation(height) @ grid @ _interpolation(width).T
        return smooth

    columns, rows = plane(0), plane(1)
    if "waves" in drawn:
        columns += waves(0) * np.float32(policy.elastic * width)
        rows += waves(1) * np.float32(policy.elastic * height)
    np.clip(columns, 0, width - 1, out=columns)
    np.clip(rows, 0, height - 1, out=rows)
    return columns, rows


def _stroke(pictures: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Thicken (share > 0) or thin (share < 0) what is bright, by up to one pixel all round."""
    thick, thin = _grown(pictures)
    target = np.where((share > 0)[:, None, None, None], thick, thin)
    return _blend(pictures, target, np.abs(share))


def _grown(pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The brightest and the darkest of each pixel and its four neighbours."""
    thick, thin = pictures.copy(), pictures.copy()
    for before, after in (
        (np.s_[:, :-1], np.s_[:, 1:]),
        (np.s_[:, :, :-1], np.s_[:, :, 1:]),
    ):
        for here, there in ((before, after), (after, before)):
            np.maximum(thick[here], pictures[there], out=thick[here])
            np.minimum(thin[here], pictures[there], out=thin[here])
    return thick, thin


def _outline(pictures: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Leave of those chosen the outlines alone, white on black."""
    rows = np.flatnonzero(chosen)
    thick, thin = _grown(pictures[rows])
    outlined = pictures.copy()
    outlined[rows] = np.where(thick - thin > OUTLINE, np.uint8(255), np.uint8(0))
    return outlined


def _lines(pictures: np.ndarray, corners: np.ndarray, line: np.ndarray) -> np.ndarray:
    """Put lines on those pictures that get one."""
    rows = np.flatnonzero(line[:, 0])
    lined = pictures.copy()
    lined[rows] = put_lines(pictures[rows].astype(np.float32), corners[rows], line[rows])
    return lined


def _blur(pictures: np.ndarray, strength: np.ndarray) -> np.ndarray:
    """Blend those of a strength above 0 with their mean over 3 x 3 pixels."""
    chosen = np.flatnonzero(strength)
    padded = np.pad(pictures[chosen], ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    padded = padded.astype(np.uint16)
    tall = padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]
    mean = (tall[:, :, :-2] + tall[:, :, 1:-1] + tall[:, :, 2:]) // 9
    blurred = pictures.copy()
    blurred[chosen] = _blend(pictures[chosen], mean.astype(np.uint8), strength[chosen])
    return blurred


def _blend(pictures: np.ndarray, target: np.ndarray, share: np.ndarray) -> np.ndarray:
    """The share (n,) of the way from each picture to its target, uint8."""
    weight = np.rint(share * 256).astype(np.int32)[:, None, None, None]
    step = (target.astype(np.int32) - pictures) * weight
    blended: np.ndarray = pictures + (step >> 8)
    return blended.astype(np.uint8)


def _grey_levels(pictures: np.ndarray, drawn: Draws) -> np.ndarray:
    """Change the contrast, then add noise."""
    levels: np.ndarray = pictures * drawn["gain"][:, None, None, None]
    if "noise" in drawn:
        levels += drawn["noise"]
    np.clip(levels, 0, 255, out=levels)
    return levels.astype(np.uint8)


def _cut_out(pictures: np.ndarray, centres: np.ndarray, size: float) -> np.ndarray:
    """Blot out a square around a centre, with black."""
    height, width = pictures.shape[1:3]

    def inside(side: int, centre: np.ndarray) -> np.ndarray:
        gap: np.ndarray = np.abs(np.arange(side, dtype=np.float32) - centre[:, None])
        within: np.ndarray = gap < size * side / 2
        return within

    square = inside(height, centres[:, 0])[:, :, None] & inside(width, centres[:, 1])[:, None, :]
    return np.where(square[..., None], np.uint8(0), pictures)
