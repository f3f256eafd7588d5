"""Pictures unlike those of their class in size, shape, light, polarity or colour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siam.array_types import Floats, Integers, Pictures

__all__ = ["Unlike", "picture_traits", "unlike_class"]

# What is measured, how little of it is no difference, and how more and less of it are called.
TRAITS = (
    ("size", 1.0, ("larger", "smaller")),
    ("shape", 0.5, ("wider", "narrower")),
    ("ground", 0.25, ("lighter in the background", "darker in the background")),
    ("polarity", 0.15, ("lighter than its background", "darker than its background")),
    ("colour", 0.15, ("more coloured", "less coloured")),
)
# Robust deviations from the class's median that count as unlike, and pictures that make a class.
DEVIATIONS, FEWEST = 8.0, 8
# Of a normal distribution, standard deviations for a median absolute deviation.
NORMAL = 1.4826


@dataclass(frozen=True)
class Unlike:
    """A picture that is unlike its class in one trait.

    Attributes:
        row: of the picture.
        trait: "size", "shape", "ground", "polarity" or "colour".
        words: how it differs, such as "darker than its background".
        deviations: robust standard deviations from the median of its class, 8 or more.
    """

    row: int
    trait: str
    words: str
    deviations: float


def picture_traits(picture: Pictures, size: tuple[int, int]) -> Floats:
    """Measure what a file shows beside its content.

    Args:
        picture: uint8 (height, width) or (height, width, channels), perhaps made smaller.
        size: (height, width) in the file.

    Returns:
        float64 (5,): the logarithm of its pixels to base 2, that of width by height, the median
        grey of its border 0 to 1, how much lighter the rest is -1 to 1, how coloured it is 0 to 1.

    Example:
        >>> picture_traits(np.full((9, 9), 255, np.uint8), (64, 128)).tolist()
        [13.0, 1.0, 1.0, 0.0, 0.0]
    """
    height, width = size
    channels = picture.reshape(*picture.shape[:2], -1)
    grey = channels.mean(axis=2) / 255
    border = float(np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])))
    colour = float((channels.max(axis=2) - channels.min(axis=2)).mean() / 255)
    shape = [np.log2(height * width), np.log2(width / height)]
    return np.array([*shape, border, float(grey.mean()) - border, colour])


def unlike_class(traits: Floats, labels: Integers) -> list[Unlike]:
    """Return the pictures that differ from nearly all of their class, the most unlike first.

    Args:
        traits: float64 (n, 5), of `picture_traits`.
        labels: int64 (n,).
    """
    found: dict[int, Unlike] = {}
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        if len(rows) < FEWEST:
            continue
        own = traits[rows]
        median = np.median(own, axis=0)
        spread = NORMAL * np.median(np.abs(own - median), axis=0)
        for column, (name, least, (more, less)) in enumerate(TRAITS):
            apart = own[:, column] - median[column]
            deviations = np.abs(apart) / max(spread[column], least / DEVIATIONS)
            for place in np.flatnonzero(deviations > DEVIATIONS):
                row, far = int(rows[place]), float(deviations[place])
                if row not in found or found[row].deviations < far:
                    words = more if apart[place] > 0 else less
                    found[row] = Unlike(row, name, words, far)
    return sorted(found.values(), key=lambda one: -one.deviations)
