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

import numpy as np

from siam.array_types import Pictures, Vectors
from siam.recipe import AugmentPolicy
from siam.training.augmentation.policy import Draws, draw_distortion
from siam.training.augmentation.transforms import STEPS, source_maps

__all__ = ["augment_batch"]

# OpenCV's remap addresses at most this many rows or columns.
_REMAP_LIMIT = 32_000


def augment_batch(
    pictures: Pictures, *, rng: np.random.Generator, policy: AugmentPolicy
) -> Pictures:
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
    varied = pictures.astype(np.float32)
    for name, step in STEPS.items():
        if name == "source" and name in drawn:
            varied = _bend(varied, drawn, policy)
        elif name in drawn:
            # Most kinds are drawn for a few pictures alone; all zeros say that one is left out.
            chosen = drawn[name].reshape(n, -1).any(axis=1)
            if chosen.all():
                varied = step(varied, drawn, policy, np)
            elif chosen.any():
                own = {key: values[chosen] for key, values in drawn.items()}
                varied[chosen] = step(varied[chosen], own, policy, np)
    return np.rint(varied).astype(np.uint8)


def _bend(pictures: Vectors, drawn: Draws, policy: AugmentPolicy) -> Vectors:
    """Affine and elastic distortion by OpenCV, which is many times as fast as NumPy."""
    import cv2

    n, height, width, channels = pictures.shape
    columns, rows = source_maps(height, width, drawn, policy, np)
    bent = np.empty_like(pictures)
    share = max(1, _REMAP_LIMIT // height)
    for start in range(0, n, share):
        part = slice(start, min(start + share, n))
        count = part.stop - part.start
        # Coordinates stay inside their own picture, so that no neighbour in the stack shows.
        tall_rows = rows[part] + (np.arange(count, dtype=np.float32) * height)[:, None, None]
        result = cv2.remap(
            pictures[part].reshape(count * height, width, channels),
            columns[part].reshape(count * height, width),
            tall_rows.reshape(count * height, width),
            cv2.INTER_LINEAR,
        )
        bent[part] = result.reshape(count, height, width, channels)
    return bent
