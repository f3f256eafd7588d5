"""How far two pictures differ beside their light, place and size: the tangent distance.

To the first order, a picture that is moved, stretched or brightened is itself and a sum of a few
pictures, its tangents; what no such sum explains is the difference (P. Simard, Y. LeCun, J. Denker,
1993). The sum says as well how to move the one over the other (B. Lucas, T. Kanade, 1981), after
which the first order goes further.
"""

from __future__ import annotations

import numpy as np

from siam.array_types import Booleans, Floats, Integers, Pictures, Vectors
from siam.engine.audit.registration import (
    MIDDLE,
    SIDE,
    content_places,
    inside,
    sample_frames,
)
from siam.parallel import parallel_map
from siam.progress import Progress, silent

__all__ = ["pair_residuals"]

PAIRS = 1024
# Most that a round moves by, in pixels and in shares of the size.
MOVE, STRETCH = 2.0, 0.1
# Of the pixels, those that differ most are not looked at: a dead pixel, a scratch, a date.
SEEN = round(0.97 * SIDE * SIDE)
# Deviation in greys that a file format may add.
NOISE = 1.0
# Rows of the basis: a constant, the picture, four tangents, and its square, which no round needs.
PICTURE, ACROSS, DOWN, WIDER, HIGHER, LINEAR = 1, 2, 3, 4, 5, 6


def pair_residuals(
    frames: Pictures,
    left: Integers,
    right: Integers,
    *,
    rounds: int,
    progress: Progress = silent,
) -> Floats:
    """Return how much of each right picture the left one and its tangents do not explain.

    Args:
        frames: uint8 (n, 32, 32), of `grey_frame`.
        left, right: int64 (m,), rows of the pairs.
        rounds: times that the right one is looked at, moved between them; 1 or more.
        progress: told of pairs compared.

    Returns:
        float64 (m,), share of the right one's variance, 0 = a copy, 1 = nothing alike.

    Example:
        >>> one, other = np.random.default_rng(0).integers(0, 200, (2, 32, 32)).astype(np.uint8)
        >>> frames = np.stack([one, other, one // 2 + 9])
        >>> pairs = np.array([0, 0]), np.array([1, 2])
        >>> pair_residuals(frames, *pairs, rounds=1).round(1).tolist()
        [0.7, 0.0]
    """
    places = content_places(frames)

    def compare(start: int) -> Floats:
        part = slice(start, start + PAIRS)
        return residuals(frames, places, left[part], right[part], rounds)

    parts: list[Floats] = []
    for share in parallel_map(compare, range(0, len(left), PAIRS), ahead=2):
        parts.append(share)
        progress("Comparing pixels", min(len(parts) * PAIRS, len(left)), len(left))
    return np.concatenate(parts) if parts else np.empty(0)


def residuals(
    frames: Pictures, places: Floats, left: Integers, right: Integers, rounds: int
) -> Floats:
    """Lay the right pictures over the left ones in some rounds; return the best of each."""
    basis = tangents(sample_frames(frames[left], places[left]))
    mask = inside(places[left])
    moved = places[right].copy()
    best = np.full(len(left), np.inf)
    for number in range(rounds):
        partners = sample_frames(frames[right], moved).reshape(len(left), -1)
        seen = (mask & inside(moved)).reshape(len(left), -1)
        masked = basis * seen[:, None]
        gram = np.matmul(masked, masked.transpose(0, 2, 1)).astype(np.float64)
        gram += 1e-6 * np.trace(gram, axis1=1, axis2=2)[:, None, None] * np.eye(len(gram[0]))
        products = np.matmul(masked, partners[:, :, None]).astype(np.float64)
        weights = np.linalg.solve(gram, products)[:, :, 0].astype(np.float32)
        explained = np.matmul(weights[:, None], masked)[:, 0]
        best = np.minimum(best, share_left(partners * seen, explained, seen))
        if number + 1 == rounds:
            break
        steps = np.linalg.solve(gram[:, :LINEAR, :LINEAR], products[:, :LINEAR])[:, :, 0]
        light = steps[:, [PICTURE]]
        steps = steps[:, [WIDER, HIGHER, ACROSS, DOWN]] / np.where(light > 0.1, light, np.inf)
        moved[:, 2:] -= moved[:, :2] * np.clip(steps[:, 2:], -MOVE, MOVE)
        moved[:, :2] *= 1 - np.clip(steps[:, :2], -STRETCH, STRETCH)
    return best


def share_left(partners: Vectors, explained: Vectors, seen: Booleans) -> Floats:
    """Return the share of each partner's variance that is not explained; what is unseen is 0."""
    squares = np.partition((partners - explained) ** 2, SEEN - 1, axis=1)[:, :SEEN].sum(axis=1)
    count = np.maximum(seen.sum(axis=1), 1)
    spread = (partners**2).sum(axis=1) - partners.sum(axis=1) ** 2 / count
    shares: Floats = (squares / (np.maximum(spread, 0) + NOISE**2 * count)).astype(np.float64)
    return shares


def tangents(frames: Vectors) -> Vectors:
    """Return each frame's basis, float32 (n, 7, pixels)."""
    down, across = np.gradient(frames, axis=(1, 2))
    offsets = np.arange(SIDE, dtype=np.float32) - np.float32(MIDDLE)
    rows = [
        np.full_like(frames, 128),
        frames,
        across,
        down,
        across * offsets,
        down * offsets[:, None],
        frames**2 / 255,
    ]
    return np.stack([row.reshape(len(frames), -1) for row in rows], axis=1)
