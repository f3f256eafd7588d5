"""How a picture is distorted at random: how far, and what is drawn for each picture.

What is drawn is a few numbers for a picture, by NumPy on the CPU and by `keras.random` on the
device. `cpu.py` applies them on the CPU, and on the device `transforms.py` does.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from siam.array_types import Tensor, Vectors
from siam.recipe import AugmentPolicy
from siam.training.augmentation.occlusions import draw_bands, draw_lines

__all__ = ["KNOTS", "Draws", "draw_distortion", "interpolation"]

# Knots of the elastic displacement along each side.
KNOTS = 5
# Where the square of a picture stands that has none.
NOWHERE = -1e9

# What `draw_distortion` returns, by name: arrays of the library that drew them.
Draws = dict[str, Tensor]


def draw_distortion(
    shape: tuple[Any, int, int, int], *, rng: Any, policy: AugmentPolicy, library: Any = np
) -> Draws:
    """Draw what each picture of a batch goes through.

    Args:
        shape: n, height, width and channels of the batch.
        rng: where all randomness comes from, a `numpy.random.Generator` or what draws by its
            methods on the device; the same state gives the same draws.
        policy: how far.
        library: whose arrays `rng` draws, NumPy or `keras.ops`.

    Returns:
        float32 arrays, of the distortions that are switched on alone, in the order in which they
        are applied:
        "outline" (n,): 1 for the outlines alone, else 0;
        "stroke" (n,): thicken by this share (> 0) or thin (< 0), -1 to 1;
        "source" (n, 2, 3): column and row that a pixel comes from, by (x, y, 1), with x and y
        counted from the middle of the picture;
        "waves" (n, 2, 5, 5): displacement of column and row at 5 x 5 knots, standard normal;
        "blur" (n,): share of the way to the mean over 3 x 3 pixels, 0 to 1;
        "gain" (n,): factor of the contrast;
        "noise" (n, height, width, channels): grey levels to add;
        "corners" and "line", "bands": see `siam.training.augmentation.occlusions`;
        "blot" (n, 2): row and column of the middle of a black square, or `NOWHERE`.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> sorted(draw_distortion((8, 28, 28, 1), rng=rng, policy=AugmentPolicy(blur=0.5)))
        ['blur']
    """
    n, height, width, _ = shape
    drawn: Draws = {}

    def uniform(limit: float, low: float | None = None) -> Tensor:
        return library.array(rng.uniform(-limit if low is None else low, limit, n), "float32")

    if policy.outline:
        drawn["outline"] = library.where(rng.random(n) < policy.outline, 1.0, 0.0)
    if policy.stroke:
        drawn["stroke"] = uniform(policy.stroke)
    if policy.bends:
        angle = uniform(policy.rotation) * (np.pi / 180)
        stretch_x, stretch_y = (library.exp(uniform(policy.scale)) for _ in range(2))
        slant = uniform(policy.shear)
        move_x, move_y = uniform(policy.shift) * width, uniform(policy.shift) * height
        cosine, sine = library.cos(angle), library.sin(angle)
        column = [cosine * stretch_x, (slant - sine) * stretch_x, (width - 1) / 2 + move_x]
        row = [sine * stretch_y, cosine * stretch_y, (height - 1) / 2 + move_y]
        drawn["source"] = library.stack(
            [library.stack(column, axis=1), library.stack(row, axis=1)], axis=1
        )
    if policy.elastic:
        waves = rng.standard_normal((2, n, KNOTS, KNOTS), "float32")
        drawn["waves"] = library.swapaxes(waves, 0, 1)
    if policy.blur:
        drawn["blur"] = library.where(rng.random(n) < policy.blur, rng.random(n), 0.0)
    if policy.contrast or policy.noise:
        drawn["gain"] = 1 + uniform(policy.contrast)
    if policy.noise:
        strength = uniform(policy.noise, low=0.0)
        drawn["noise"] = rng.standard_normal(shape, "float32") * strength[:, None, None, None]
    if policy.lines:
        drawn |= draw_lines(n, height, width, policy.lines, rng, library)
    if policy.bands:
        drawn["bands"] = draw_bands(n, height, width, policy.bands, rng, library)
    if policy.cutout:
        chosen = rng.random(n) < policy.cutout
        centres = library.stack([rng.uniform(0, side, n) for side in (height, width)], axis=1)
        drawn["blot"] = library.where(chosen[:, None], centres, NOWHERE)
    return {name: library.array(values, "float32") for name, values in drawn.items()}


def interpolation(size: int) -> Vectors:
    """float32 (size, 5): cosine-bell weights of 5 evenly spaced knots at each pixel.

    Args:
        size: pixels of a side, >= 1.
    """
    position = np.linspace(0, KNOTS - 1, size, dtype=np.float32)[:, None]
    gap = np.abs(position - np.arange(KNOTS, dtype=np.float32))
    bells = np.where(gap < 2, 0.5 + 0.5 * np.cos(np.pi * gap / 2), 0)
    weights: Vectors = bells / np.sqrt((bells**2).sum(axis=1, keepdims=True))
    return weights.astype(np.float32)
