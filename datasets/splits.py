"""Disjoint, stratified, seeded splits, and classes held out of training altogether."""

from __future__ import annotations

import numpy as np

from siam.array_types import Integers

__all__ = ["split_off", "three_way"]


def split_off(labels: Integers, count: int, *, seed: int) -> tuple[Integers, Integers]:
    """Take `count` items out of `labels`, every class in proportion.

    Args:
        labels: int64 of shape (n,).
        count: how many to take, 0 to n; the total is met exactly (largest remainders).
        seed: fixes which items are taken.

    Returns:
        (rest, taken): int64 positions in ascending order, disjoint, together all of `labels`.

    Example:
        >>> rest, taken = split_off(np.array([0, 0, 0, 0, 1, 1]), 3, seed=0)
        >>> np.bincount(np.array([0, 0, 0, 0, 1, 1])[taken]).tolist()
        [2, 1]
    """
    if not 0 <= count <= len(labels):
        raise ValueError(f"count must be 0 to {len(labels)}, received {count}.")
    rng = np.random.default_rng(seed)
    _, class_of, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    exact = sizes * (count / max(len(labels), 1))
    quotas = np.floor(exact).astype(np.int64)
    missing = count - int(quotas.sum())
    quotas[np.argsort(quotas - exact, kind="stable")[:missing]] += 1
    return _by_quota(class_of, quotas, rng)


def three_way(
    labels: Integers, *, validation: float = 0.1, test: float = 0.2, seed: int
) -> tuple[Integers, Integers, Integers]:
    """Split into train, validation and test, every class in proportion, no class left a single.

    One picture of a class makes no pair, so a class gives validation and test two or more or
    none. A class of six or more gives to both; one of four or five gives two, to test and
    validation in turn; one of two or three stays in train.

    Args:
        labels: int64 of shape (n,).
        validation: its share of each class, 0 leaves it empty.
        test: its share of each class, 0 leaves it empty.
        seed: fixes which items go where.

    Returns:
        (train, validation, test): int64 positions in ascending order, disjoint, together all.

    Example:
        >>> train, validation, test = three_way(np.repeat([0, 1], 20), seed=0)
        >>> len(train), len(validation), len(test)
        (28, 4, 8)
    """
    rng = np.random.default_rng(seed)
    _, class_of, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    parts = [share for share in (validation, test) if share > 0]
    whole = sizes >= 2 + 2 * len(parts)
    quotas = [
        np.where(whole & (share > 0), np.maximum(2, np.rint(sizes * share)), 0).astype(np.int64)
        for share in (validation, test)
    ]
    small = rng.permutation(np.flatnonzero(~whole & (sizes >= 4)))
    quotas[1][small[::2]] = 2
    quotas[0][small[1::2]] = 2
    rest, tested = _by_quota(class_of, quotas[1], rng)
    trained, validated = _by_quota(class_of[rest], quotas[0], rng)
    return rest[trained], rest[validated], tested


def _by_quota(
    class_of: Integers, quotas: Integers, rng: np.random.Generator
) -> tuple[Integers, Integers]:
    order = rng.permutation(len(class_of))
    order = order[np.argsort(class_of[order], kind="stable")]
    sizes = np.bincount(class_of, minlength=len(quotas))
    starts = np.cumsum(sizes) - sizes
    rank = np.arange(len(order)) - np.repeat(starts, sizes)
    taken = rank < np.repeat(quotas, sizes)
    return np.sort(order[~taken]), np.sort(order[taken])
