"""Quarter turns as classes of their own: a letter turned by 90 degrees is another letter.

Four times the classes for nothing teach a network that meets new classes more about telling them
apart (A. Santoro et al., "Meta-Learning with Memory-Augmented Neural Networks", ICML 2016, on
Omniglot). The pictures are turned as they are drawn, so that they take no more memory.

A position p in 0 to 4 n - 1 stands for the picture p mod n, turned p div n times anticlockwise.
"""

from __future__ import annotations

import numpy as np

from siam.array_types import Integers, Pictures
from siam.errors import UsageError

__all__ = ["TURNS", "gather_turned", "turn_labels"]

TURNS = 4


def turn_labels(labels: Integers) -> Integers:
    """Return the labels of every picture in every turn.

    Args:
        labels: int64 (n,), 0 or more.

    Returns:
        int64 (4 n,): the labels as they are, then three times moved up by as many classes.

    Example:
        >>> turn_labels(np.array([0, 1])).tolist()
        [0, 1, 2, 3, 4, 5, 6, 7]
    """
    classes = int(labels.max(initial=-1)) + 1
    return np.concatenate([labels + turn * classes for turn in range(TURNS)])


def gather_turned(pictures: Pictures, positions: Integers) -> Pictures:
    """Return the pictures that positions stand for, turned.

    Args:
        pictures: (n, side, side, channels).
        positions: int64 (m,), 0 to 4 n - 1.

    Returns:
        (m, side, side, channels), a copy.

    Raises:
        UsageError: pictures that are not square do not fit after a quarter turn.
    """
    height, width = pictures.shape[1:3]
    if height != width:
        raise UsageError(
            f"Quarter turns need square pictures, received {height} x {width}.",
            "Train with  --size  or with  --set quarter_turns=false",
        )
    turns, rows = np.divmod(positions, len(pictures))
    taken = pictures[rows]
    for turn in range(1, TURNS):
        chosen = turns == turn
        taken[chosen] = np.rot90(taken[chosen], turn, axes=(1, 2))
    return taken
