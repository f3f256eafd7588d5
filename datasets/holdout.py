"""Classes held out of training, to see how well what was learned carries over to them."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Sequence

import numpy as np

from siam.datasets.dataset import Dataset, Split, join_splits
from siam.errors import UsageError

__all__ = ["hold_out"]


def hold_out(dataset: Dataset, names: Sequence[str]) -> Dataset:
    """Move whole classes from all three splits to `unseen`.

    Args:
        dataset: without classes held out already.
        names: of classes, or of groups: an alphabet stands for all its characters.

    Returns:
        The data set with the classes that stay renumbered from 0, in their old order.

    Raises:
        UsageError: an unknown name, or fewer than two classes would stay.
    """
    chosen = np.zeros(len(dataset.classes), dtype=bool)
    known = np.array(dataset.classes)
    groups = np.array(dataset.groups or [""] * len(known))
    for name in names:
        meant = (known == name) | (groups == name) if name else np.zeros_like(chosen)
        if not meant.any():
            raise UsageError(_unknown(name, dataset))
        chosen |= meant
    if (~chosen).sum() < 2:
        raise UsageError(
            f"Two classes or more must stay to be trained, --holdout-classes leaves "
            f"{(~chosen).sum()} of {len(known)}.",
            "Hold out fewer.",
        )
    order = np.concatenate([np.flatnonzero(~chosen), np.flatnonzero(chosen)])
    new_label = np.argsort(order)
    stay = len(known) - int(chosen.sum())

    def part(split: Split, *, unseen: bool) -> Split:
        taken = split.take(np.flatnonzero(chosen[split.labels] == unseen))
        return dataclasses.replace(taken, labels=new_label[taken.labels])

    splits = (dataset.train, dataset.validation, dataset.test)
    held = [part(split, unseen=True) for split in splits]
    return dataclasses.replace(
        dataset,
        classes=tuple(dataset.classes[i] for i in order[:stay]),
        train=part(dataset.train, unseen=False),
        validation=part(dataset.validation, unseen=False),
        test=part(dataset.test, unseen=False),
        groups=tuple(dataset.groups[i] for i in order) if dataset.groups else (),
        unseen=join_splits(held),
        unseen_classes=tuple(dataset.classes[i] for i in order[stay:]),
    )


def _unknown(name: str, dataset: Dataset) -> str:
    choices = [*dataset.classes, *dict.fromkeys(dataset.groups)]
    near = difflib.get_close_matches(name, choices, n=3) or choices[:10]
    return (
        f"--holdout-classes must name classes of {dataset.name}, received {name!r}; "
        f"{'near' if len(choices) > len(near) else 'there'} are: {', '.join(near)}."
    )
