"""Pictures that should match nothing, made of noise and of a run's own pictures.

What a run does not know cannot be asked for when it is trained. These stand in for it: they look
like the run's pictures in one thing each (colours, spectrum, edges, texture) and show none of them.
"""

from __future__ import annotations

import numpy as np

from siam.array_types import Floats, Pictures

__all__ = ["make_probes"]

OF_EACH_KIND = 60
# Squares along a side of a picture that is shuffled; of a side, how much a crop shows.
SQUARES, CROP = 4, 4


def make_probes(pictures: Pictures, *, seed: int = 0) -> dict[str, Pictures]:
    """Return kind -> uint8 (n, height, width, channels) of pictures that should match nothing.

    60 of each kind, or as many as there are pictures where it is made of them: "noise" and
    "blank"; "blurred noise" (8 x 8 random colours made larger); and of the pictures "shuffled"
    (their squares in another order), "scrambled" (their spectrum with random phases), "inverted"
    (dark for light) and "texture" (a sixteenth made large).

    Args:
        pictures: uint8 (n, height, width, channels) as the network takes them: validation pictures.
        seed: of the noise, of the choice of pictures and of what is done to them.

    Example:
        >>> probes = make_probes(np.zeros((3, 8, 8, 1), np.uint8))
        >>> {kind: len(made) for kind, made in probes.items() if kind in ("noise", "inverted")}
        {'noise': 60, 'inverted': 3}
    """
    rng = np.random.default_rng(seed)
    shape = pictures.shape[1:]
    own = pictures[rng.permutation(len(pictures))[:OF_EACH_KIND]]
    noise = rng.integers(0, 256, (OF_EACH_KIND, *shape), dtype=np.uint8)
    grey = np.linspace(0, 255, OF_EACH_KIND).astype(np.uint8).reshape(-1, 1, 1, 1)
    coarse = rng.integers(0, 256, (OF_EACH_KIND, 8, 8, shape[2]), dtype=np.uint8)
    probes = {
        "noise": noise,
        "blank": np.broadcast_to(grey, noise.shape).copy(),
        "blurred noise": np.stack([enlarge(picture, shape[:2]) for picture in coarse]),
    }
    if not len(own):
        return probes
    return probes | {
        "shuffled": np.stack([shuffle(picture, rng) for picture in own]),
        "scrambled": np.stack([scramble(picture, rng) for picture in own]),
        "inverted": 255 - own,
        "texture": np.stack([enlarge(crop(picture, rng), shape[:2]) for picture in own]),
    }


def shuffle(picture: Pictures, rng: np.random.Generator) -> Pictures:
    """Return a picture with its squares in another order; the rest of a side stays in its place."""
    height, width = (side // SQUARES for side in picture.shape[:2])
    squares = [
        picture[row * height : (row + 1) * height, column * width : (column + 1) * width]
        for row in range(SQUARES)
        for column in range(SQUARES)
    ]
    order = rng.permutation(len(squares))
    shuffled = picture.copy()
    for place, taken in enumerate(order):
        row, column = divmod(place, SQUARES)
        shuffled[row * height : (row + 1) * height, column * width : (column + 1) * width] = (
            squares[taken]
        )
    return shuffled


def scramble(picture: Pictures, rng: np.random.Generator) -> Pictures:
    """Return a picture of the same spectrum, its phases turned by those of noise."""
    turns = np.angle(np.fft.rfft2(rng.normal(size=picture.shape[:2])))
    turns[0, 0] = 0.0  # the mean stays
    spectrum = np.fft.rfft2(picture.astype(np.float64), axes=(0, 1))
    turned = spectrum * np.exp(1j * turns)[:, :, None]
    scrambled = np.fft.irfft2(turned, s=picture.shape[:2], axes=(0, 1))
    return as_pixels(scrambled)


def crop(picture: Pictures, rng: np.random.Generator) -> Pictures:
    """Return a sixteenth of a picture, from anywhere in it."""
    sides = [max(2, side // CROP) for side in picture.shape[:2]]
    top, left = (
        rng.integers(0, whole - side + 1)
        for whole, side in zip(picture.shape[:2], sides, strict=True)
    )
    return picture[top : top + sides[0], left : left + sides[1]]


def enlarge(picture: Pictures, size: tuple[int, ...]) -> Pictures:
    """Return a picture made larger, with smooth transitions between its pixels."""
    large: Floats = picture.astype(np.float64)
    for axis, side in enumerate(size):
        places = np.linspace(0, large.shape[axis] - 1, side)
        lower = np.minimum(places.astype(np.int64), large.shape[axis] - 2)
        share = (places - lower).reshape([-1 if at == axis else 1 for at in range(3)])
        large = large.take(lower, axis) * (1 - share) + large.take(lower + 1, axis) * share
    return as_pixels(large)


def as_pixels(values: Floats) -> Pictures:
    """Round to uint8 within 0 to 255."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
