"""From labelled pictures to a data set: what every source must hold, and the missing splits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from siam.datasets.dataset import Dataset, Split
from siam.datasets.overview import FEW, list_names
from siam.datasets.splits import three_way
from siam.errors import DataError
from siam.pictures.reading import Skipped

__all__ = ["assemble", "need_two_classes"]


def assemble(
    *,
    name: str,
    source: str,
    classes: tuple[str, ...],
    train: Split,
    validation: Split | None = None,
    test: Split | None = None,
    prepare: str,
    seed: int,
    groups: tuple[str, ...] = (),
    skipped: tuple[Skipped, ...] = (),
    depth: int = 0,
    whole: bool = True,
) -> Dataset:
    """Check the pictures and make of `train` the splits that are None.

    Args:
        name, source, classes, train, validation, test, prepare, groups, skipped, depth: as in
            `Dataset`.
        seed: of the splits that are made.
        whole: False where others will be joined to them, so that one class or one picture will do.

    Raises:
        DataError: fewer than two classes, a class with one picture, a class to be tested that
            is not trained, or too few pictures to validate and test.
    """
    if whole:
        need_enough(source, classes, train)
    wanted = {"validation": 0.1 if validation is None else 0, "test": 0.2 if test is None else 0}
    kept, validated, tested = three_way(train.labels, seed=seed, **wanted)
    dataset = Dataset(
        name=name,
        source=source,
        classes=classes,
        train=train.take(kept),
        validation=train.take(validated) if validation is None else validation,
        test=train.take(tested) if test is None else test,
        prepare=prepare,
        groups=groups,
        skipped=skipped,
        depth=depth,
    )
    if whole:
        need_pairs(dataset)
    return dataset


def need_enough(source: str, classes: tuple[str, ...], train: Split) -> None:
    """Refuse training pictures of fewer than two classes, or of a class fewer than two."""
    need_two_classes(source, classes)
    counts = np.bincount(train.labels, minlength=len(classes))
    missing = [repr(classes[i]) for i in np.flatnonzero(counts == 0)]
    if missing:
        raise DataError(
            f"{source} has nothing to train {list_names(missing, FEW)} with, only to test.",
            "Add training pictures of it, or take it out of the test part.",
        )
    single = [repr(classes[i]) for i in np.flatnonzero(counts == 1)]
    if single:
        raise DataError(
            f"{source} has one picture only of {list_names(single, FEW)}; every class needs two "
            "or more.",
            "Add pictures of it, or remove it.",
        )


def need_pairs(dataset: Dataset) -> None:
    """Refuse a data set whose validation or test makes no pairs of both kinds."""
    splits = (dataset.train, dataset.validation, dataset.test)
    counts = np.bincount(np.concatenate([split.labels for split in splits]))
    for part, split in (("validation", dataset.validation), ("test", dataset.test)):
        sizes = np.bincount(split.labels, minlength=1)
        if sizes.max() < 2 or np.count_nonzero(sizes) < 2:
            few, many = counts.min(), counts.max()
            raise DataError(
                f"{dataset.source} has too few pictures: {len(split)} for {part}, which needs two "
                f"of one class and one of another; the classes have {few} to {many}.",
                "Give each class six pictures or more.",
            )


def need_two_classes(source: str, classes: Sequence[str]) -> None:
    """Refuse a data set in which there is nothing to tell apart.

    Raises:
        DataError: fewer than two classes.
    """
    if len(classes) < 2:
        raise DataError(
            f"{source} has {len(classes)} class{'' if classes else 'es'}"
            f"{f' ({classes[0]})' if classes else ''}; telling same from different needs two.",
            "Add pictures of another class, in a folder of their own.",
        )
