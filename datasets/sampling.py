"""Drawing from labels: balanced pairs, and class-balanced batches of P classes x K pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from siam.array_types import Integers
from siam.errors import DataError

__all__ = ["epoch_batches", "sample_pairs"]


def sample_pairs(
    labels: NDArray[np.integer[Any]], count: int, *, seed: int
) -> tuple[Integers, Integers, NDArray[np.int8]]:
    """Draw pairs of positions, half of one class and half of two, in random order.

    The left of a pair is any picture with equal chance, the right any that fits it, never
    the left itself.

    Args:
        labels: int64 of shape (n,).
        count: how many pairs; an odd one gives one more pair of two classes.
        seed: fixes the pairs.

    Returns:
        (left, right, same): int64, int64 and int8 of shape (count,); same is 1 where the
        classes agree, 0 where they differ.

    Raises:
        DataError: no class has two pictures, or there is only one class.

    Example:
        >>> left, right, same = sample_pairs(np.array([0, 0, 1, 1]), 6, seed=0)
        >>> int(same.sum())
        3
    """
    labels = np.asarray(labels)
    classes, class_of, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    if len(classes) < 2 or sizes.max() < 2:
        raise DataError(
            "Pairs need two classes, and two pictures in one of them: received "
            f"{len(labels)} pictures of {len(classes)} classes, "
            f"at most {sizes.max(initial=0)} in one.",
            "Add pictures or classes.",
        )
    rng = np.random.default_rng(seed)
    # Sorted by class, every class is a run of positions: its mates and the rest are ranges.
    order = np.argsort(class_of, kind="stable")
    run_of = class_of[order]
    starts = np.cumsum(sizes) - sizes

    paired = np.flatnonzero(sizes[run_of] > 1)
    left_same = paired[rng.integers(len(paired), size=count // 2)]
    run = run_of[left_same]
    step = rng.integers(1, sizes[run])
    right_same = starts[run] + (left_same - starts[run] + step) % sizes[run]

    left_other = rng.integers(len(labels), size=count - count // 2)
    run = run_of[left_other]
    step = rng.integers(0, len(labels) - sizes[run])
    right_other = (starts[run] + sizes[run] + step) % len(labels)

    shuffle = rng.permutation(count)
    left = order[np.concatenate([left_same, left_other])][shuffle]
    right = order[np.concatenate([right_same, right_other])][shuffle]
    same = (class_of[left] == class_of[right]).astype(np.int8)
    return left.astype(np.int64), right.astype(np.int64), same


def epoch_batches(
    labels: NDArray[np.integer[Any]],
    *,
    classes: int,
    pictures: int,
    seed: int,
    epoch: int,
    of: int | None = None,
) -> Integers:
    """Draw one epoch of P x K batches; the same arguments give the same batches.

    Classes take turns, so over the epoch each is drawn equally often to within one, and each
    goes through its own pictures in shuffled order before any comes again. A picture comes
    twice in a batch only where its class has fewer than `pictures`.

    Args:
        labels: int64 of shape (n,).
        classes: P, classes in a batch; all of them where there are fewer.
        pictures: K, pictures of each class in a batch, 2 or more to make pairs.
        seed: fixes the order, together with `epoch`: nothing is carried from one epoch to
            the next, so an interrupted training goes on with the very batches it missed.
        epoch: from 0.
        of: how many pictures an epoch shows; n when left out. More than n shows some again.

    Returns:
        int64 positions of shape (steps, P * K), the pictures of a class side by side;
        steps = of // (P * K), at least 1.

    Example:
        >>> epoch_batches(np.repeat([0, 1, 2], 8), classes=3, pictures=2, seed=0, epoch=0).shape
        (4, 6)
    """
    if classes < 1 or pictures < 1:
        raise ValueError(f"classes and pictures must be 1 or more, received {classes}, {pictures}.")
    labels = np.asarray(labels)
    rng = np.random.default_rng([seed, epoch])
    _, class_of, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    members = np.split(np.argsort(class_of, kind="stable"), np.cumsum(sizes)[:-1])
    classes = min(classes, len(sizes))
    steps = max(1, (len(labels) if of is None else of) // (classes * pictures))

    turns = np.zeros(len(sizes), dtype=np.int64)
    drawn = np.empty((steps, classes), dtype=np.int64)
    for step in range(steps):
        # Fewest turns first, ties in random order.
        drawn[step] = np.argsort(turns + rng.random(len(sizes)))[:classes]
        turns[drawn[step]] += 1

    batches = np.empty((steps * classes, pictures), dtype=np.int64)
    slots = np.argsort(drawn.ravel(), kind="stable")
    for position, own in zip(np.split(slots, np.cumsum(turns)[:-1]), members, strict=True):
        batches[position] = _queue(own, len(position), pictures, rng)
    return batches.reshape(steps, classes * pictures)


def _queue(own: Integers, turns: int, pictures: int, rng: np.random.Generator) -> Integers:
    """Return (turns, pictures) of one class: shuffled rounds of all its pictures, laid end to end.

    Where a round ends inside a turn, the next begins with pictures that the turn does not hold.
    """
    queue = np.empty(0, dtype=np.int64)
    while len(queue) < turns * pictures:
        shuffled = rng.permutation(own)
        in_turn = queue[len(queue) - len(queue) % pictures :]
        held = np.isin(shuffled, in_turn)
        queue = np.concatenate([queue, shuffled[~held], shuffled[held]])
    return queue[: turns * pictures].reshape(turns, pictures)
