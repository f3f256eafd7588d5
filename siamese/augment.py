"""Random distortion of a batch of pictures, vectorised over the batch.

All pictures of a batch are stacked into one tall picture, and one `cv2.remap` bends them all:
there is no Python per picture, and OpenCV frees the interpreter, so that it runs beside the
training step. The result depends on the generator alone, so that a training resumed at any step
draws the same pictures.

P. Simard, D. Steinkraus, J. Platt, "Best Practices for Convolutional Neural Networks Applied to
Visual Document Analysis", ICDAR 2003 (affine and elastic distortion); T. DeVries, G. Taylor,
"Improved Regularization of Convolutional Neural Networks with Cutout", 2017 (occlusion).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

__all__ = ["AugmentPolicy", "augment_batch"]

# OpenCV's remap addresses at most this many rows or columns.
_REMAP_LIMIT = 32_000


@dataclass(frozen=True, kw_only=True)
class AugmentPolicy:
    """How far pictures are distorted; 0 switches a distortion off.

    Args:
        rotation: largest turn either way, in degrees.
        scale: largest change of size either way, as a fraction.
        shear: largest slant either way, as a fraction of the height.
        shift: largest move either way, as a fraction of the side.
        elastic: standard deviation of a smooth random displacement, as a fraction of the side.
        stroke: largest share by which bright strokes are thickened or thinned, 0 to 1.
        cutout: share of the pictures from which a square is blotted out, 0 to 1.
        cutout_size: side of that square, as a fraction of the side.
        contrast: largest change of contrast either way, as a fraction.
        noise: standard deviation of grey noise at its strongest, in grey levels of 0 to 255.
        blur: share of the pictures that are blurred, 0 to 1.
    """

    rotation: float = 0.0
    scale: float = 0.0
    shear: float = 0.0
    shift: float = 0.0
    elastic: float = 0.0
    stroke: float = 0.0
    cutout: float = 0.0
    cutout_size: float = 0.3
    contrast: float = 0.0
    noise: float = 0.0
    blur: float = 0.0


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
    if policy.stroke:
        pictures = _stroke(pictures, rng, policy.stroke)
    if any((policy.rotation, policy.scale, policy.shear, policy.shift, policy.elastic)):
        pictures = _bend(pictures, rng, policy)
    if policy.blur:
        pictures = _blur(pictures, rng, policy.blur)
    if policy.contrast or policy.noise:
        pictures = _grey_levels(pictures, rng, policy)
    if policy.cutout:
        pictures = _cut_out(pictures, rng, policy)
    return pictures


def _bend(pictures: np.ndarray, rng: np.random.Generator, policy: AugmentPolicy) -> np.ndarray:
    """Affine and elastic distortion: look up where each pixel of the result comes from."""
    import cv2

    n, height, width, channels = pictures.shape
    columns, rows = _source_maps(n, height, width, rng, policy)
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
    n: int, height: int, width: int, rng: np.random.Generator, policy: AugmentPolicy
) -> tuple[np.ndarray, np.ndarray]:
    """Column and row that each pixel comes from, float32 (n, height, width) each."""

    def uniform(limit: float) -> np.ndarray:
        return rng.uniform(-limit, limit, n).astype(np.float32)

    angle = np.deg2rad(uniform(policy.rotation))
    stretch_x, stretch_y = np.exp(uniform(policy.scale)), np.exp(uniform(policy.scale))
    slant = uniform(policy.shear)
    move_x, move_y = uniform(policy.shift) * width, uniform(policy.shift) * height
    cosine, sine = np.cos(angle), np.sin(angle)
    x = np.arange(width, dtype=np.float32) - (width - 1) / 2
    y = np.arange(height, dtype=np.float32) - (height - 1) / 2

    def plane(along_x: np.ndarray, along_y: np.ndarray, offset: np.ndarray) -> np.ndarray:
        line_x = along_x[:, None] * x + offset[:, None]
        line_y = along_y[:, None] * y
        mapped: np.ndarray = line_y[:, :, None] + line_x[:, None, :]
        return mapped

    columns = plane(cosine * stretch_x, (slant - sine) * stretch_x, (width - 1) / 2 + move_x)
    rows = plane(sine * stretch_y, cosine * stretch_y, (height - 1) / 2 + move_y)
    if policy.elastic:
        columns += _waves(n, height, width, rng) * np.float32(policy.elastic * width)
        rows += _waves(n, height, width, rng) * np.float32(policy.elastic * height)
    np.clip(columns, 0, width - 1, out=columns)
    np.clip(rows, 0, height - 1, out=rows)
    return columns, rows


def _waves(n: int, height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """A smooth random field per picture: a 5 x 5 grid of normal values, interpolated."""
    grid = rng.standard_normal((n, 5, 5), dtype=np.float32)
    waves: np.ndarray = _interpolation(height) @ grid @ _interpolation(width).T
    return waves


@lru_cache(maxsize=16)
def _interpolation(size: int) -> np.ndarray:
    """float32 (size, 5): cosine-bell weights of 5 evenly spaced knots at each pixel."""
    position = np.linspace(0, 4, size, dtype=np.float32)[:, None]
    gap = np.abs(position - np.arange(5, dtype=np.float32))
    bells = np.where(gap < 2, 0.5 + 0.5 * np.cos(np.pi * gap / 2), 0)
    weights: np.ndarray = bells / np.sqrt((bells**2).sum(axis=1, keepdims=True))
    return weights.astype(np.float32)


def _stroke(pictures: np.ndarray, rng: np.random.Generator, limit: float) -> np.ndarray:
    """Thicken (share > 0) or thin (share < 0) what is bright, by up to one pixel all round."""
    share = rng.uniform(-limit, limit, len(pictures)).astype(np.float32)
    thick, thin = pictures.copy(), pictures.copy()
    for before, after in (
        (np.s_[:, :-1], np.s_[:, 1:]),
        (np.s_[:, :, :-1], np.s_[:, :, 1:]),
    ):
        for here, there in ((before, after), (after, before)):
            np.maximum(thick[here], pictures[there], out=thick[here])
            np.minimum(thin[here], pictures[there], out=thin[here])
    target = np.where((share > 0)[:, None, None, None], thick, thin)
    return _blend(pictures, target, np.abs(share))


def _blur(pictures: np.ndarray, rng: np.random.Generator, share: float) -> np.ndarray:
    """Blend a share of the pictures with their mean over 3 x 3 pixels."""
    chosen = np.flatnonzero(rng.random(len(pictures)) < share)
    strength = rng.random(len(chosen)).astype(np.float32)
    padded = np.pad(pictures[chosen], ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    padded = padded.astype(np.uint16)
    tall = padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]
    mean = (tall[:, :, :-2] + tall[:, :, 1:-1] + tall[:, :, 2:]) // 9
    blurred = pictures.copy()
    blurred[chosen] = _blend(pictures[chosen], mean.astype(np.uint8), strength)
    return blurred


def _blend(pictures: np.ndarray, target: np.ndarray, share: np.ndarray) -> np.ndarray:
    """The share (n,) of the way from each picture to its target, uint8."""
    weight = np.rint(share * 256).astype(np.int32)[:, None, None, None]
    step = (target.astype(np.int32) - pictures) * weight
    blended: np.ndarray = pictures + (step >> 8)
    return blended.astype(np.uint8)


def _grey_levels(
    pictures: np.ndarray, rng: np.random.Generator, policy: AugmentPolicy
) -> np.ndarray:
    """Change the contrast, then add noise of a strength drawn per picture."""
    n = len(pictures)
    gain = 1 + rng.uniform(-policy.contrast, policy.contrast, n).astype(np.float32)
    levels: np.ndarray = pictures * gain[:, None, None, None]
    if policy.noise:
        strength = rng.uniform(0, policy.noise, n).astype(np.float32)
        levels += rng.standard_normal(pictures.shape, np.float32) * strength[:, None, None, None]
    np.clip(levels, 0, 255, out=levels)
    return levels.astype(np.uint8)


def _cut_out(pictures: np.ndarray, rng: np.random.Generator, policy: AugmentPolicy) -> np.ndarray:
    """Blot out a square at a random place of a share of the pictures, with black."""
    n, (height, width) = len(pictures), pictures.shape[1:3]
    chosen = rng.random(n) < policy.cutout

    def inside(size: int) -> np.ndarray:
        centre = rng.uniform(0, size, n).astype(np.float32)[:, None]
        gap: np.ndarray = np.abs(np.arange(size, dtype=np.float32) - centre)
        within: np.ndarray = gap < policy.cutout_size * size / 2
        return within

    square = inside(height)[:, :, None] & inside(width)[:, None, :] & chosen[:, None, None]
    return np.where(square[..., None], np.uint8(0), pictures)
