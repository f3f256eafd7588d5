"""How a picture is distorted at random: how far, and what is drawn for each picture.

What is drawn is a few numbers for a picture. `cpu.py` applies them on the CPU, and on the device
`transforms.py` does.
"""

from __future__ import annotations

import numpy as np

from siam.array_types import Vectors
from siam.recipe import AugmentPolicy
from siam.training.augmentation.occlusions import draw_bands, draw_lines

__all__ = ["KNOTS", "Draws", "draw_distortion", "interpolation", "no_distortion"]

# Knots of the elastic displacement along each side.
KNOTS = 5
# Where the square of a picture stands that has none.
NOWHERE = -1e9

# What `draw_distortion` returns, by name.
Draws = dict[str, Vectors]


def draw_distortion(
    shape: tuple[int, int, int, int], *, rng: np.random.Generator, policy: AugmentPolicy
) -> Draws:
    """Draw what each picture of a batch goes through.

    Args:
        shape: n, height, width and channels of the batch.
        rng: where all randomness comes from; the same state gives the same draws.
        policy: how far.

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

    def uniform(limit: float) -> Vectors:
        return rng.uniform(-limit, limit, n).astype(np.float32)

    if policy.outline:
        drawn["outline"] = (rng.random(n) < policy.outline).astype(np.float32)
    if policy.stroke:
        drawn["stroke"] = uniform(policy.stroke)
    if policy.bends:
        angle = np.deg2rad(uniform(policy.rotation))
        stretch_x, stretch_y = np.exp(uniform(policy.scale)), np.exp(uniform(policy.scale))
        slant = uniform(policy.shear)
        move_x, move_y = uniform(policy.shift) * width, uniform(policy.shift) * height
        cosine, sine = np.cos(angle), np.sin(angle)
        column = (cosine * stretch_x, (slant - sine) * stretch_x, (width - 1) / 2 + move_x)
        row = (sine * stretch_y, cosine * stretch_y, (height - 1) / 2 + move_y)
        drawn["source"] = np.stack([np.stack(column, axis=1), np.stack(row, axis=1)], axis=1)
    if policy.elastic:
        waves = [rng.standard_normal((n, KNOTS, KNOTS), dtype=np.float32) for _ in range(2)]
        drawn["waves"] = np.stack(waves, axis=1)
    if policy.blur:
        chosen = rng.random(n) < policy.blur
        drawn["blur"] = np.zeros(n, np.float32)
        drawn["blur"][chosen] = rng.random(int(chosen.sum())).astype(np.float32)
    if policy.contrast or policy.noise:
        drawn["gain"] = 1 + uniform(policy.contrast)
    if policy.noise:
        strength = rng.uniform(0, policy.noise, n).astype(np.float32)
        noise = rng.standard_normal(shape, np.float32)
        drawn["noise"] = noise * strength[:, None, None, None]
    if policy.lines:
        drawn |= draw_lines(n, height, width, policy.lines, rng)
    if policy.bands:
        drawn["bands"] = draw_bands(n, height, width, policy.bands, rng)
    if policy.cutout:
        chosen = rng.random(n) < policy.cutout
        centres = [rng.uniform(0, side, n).astype(np.float32) for side in (height, width)]
        drawn["blot"] = np.where(chosen[:, None], np.stack(centres, axis=1), np.float32(NOWHERE))
    return drawn


def no_distortion(shape: tuple[int, int, int, int], policy: AugmentPolicy) -> Draws:
    """Return the draws of a policy that change nothing, for the epochs without distortion."""
    drawn = draw_distortion(shape, rng=np.random.default_rng(0), policy=policy)
    still = {name: np.zeros_like(values) for name, values in drawn.items()}
    if "source" in still:
        still["source"][:, 0] = (1, 0, (shape[2] - 1) / 2)
        still["source"][:, 1] = (0, 1, (shape[1] - 1) / 2)
    if "gain" in still:
        still["gain"] += 1
    if "blot" in still:
        still["blot"] += NOWHERE
    return still


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
