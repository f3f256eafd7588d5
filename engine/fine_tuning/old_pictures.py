"""The pictures that a base was trained on, joined with those that its training goes on with.

What a network no longer sees it forgets, so old pictures are shown beside new ones: the index keeps
small ones whole, and of larger ones the files are read again. Whatever comes in anew, a picture
stays in the split that it was in: what was tested is never trained on, nor the other way round.
Rehearsal: A. Robins, "Catastrophic forgetting, rehearsal and pseudorehearsal", 1995.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from siam.array_types import Pictures
from siam.datasets.assemble import assemble
from siam.datasets.dataset import Dataset, Split, join_splits
from siam.datasets.splits import three_way
from siam.engine.index.digest import digest
from siam.engine.index.training_set import origins_of
from siam.engine.inputs import in_channels
from siam.engine.open_run import OpenRun, open_run
from siam.engine.reading import PreparedPicture, read_ahead
from siam.errors import UsageError
from siam.pictures.names import path_of
from siam.pictures.thumbnail import decode_thumbnail
from siam.progress import Progress
from siam.runs.chosen_store import OWN
from siam.runs.held_out import load_held_out

if TYPE_CHECKING:
    from siam.engine.fine_tuning.base import Base
    from siam.index.matches import Item

__all__ = ["OldPictures", "collect_old_pictures", "join_old_pictures", "join_pictures"]

SPLITS = ("train", "validation", "test")
# Of which thumbnails are decoded at once.
PORTION = 2_000


@dataclass(frozen=True)
class OldPictures:
    """What a run was trained and judged by, as far as it is at hand.

    Attributes:
        classes: its labels, those that its index was given since included.
        splits: name of a split -> its pictures; labels are positions in `classes`.
        since: pictures that were labelled in its index since it was trained.
        split_of: digest of a picture's pixels -> the split that it was in, at hand or not.
        missing: training pictures that are not at hand.
    """

    classes: tuple[str, ...]
    splits: dict[str, Split]
    since: Split
    split_of: dict[str, str]
    missing: int


def join_old_pictures(
    new: Dataset | None,
    base: Base,
    seed: int,
    progress: Progress,
    notice: Callable[[str], None],
) -> Dataset:
    """Return the data set that a training goes on with: new pictures and the base's.

    Args:
        new: what was named, in the base's size; None = what was labelled in the base's index.
        base: what is gone on from.
        seed: of the splits of what was labelled in the index.
        progress: told of the reading of old pictures.
        notice: told how many there are, and which labels come and go.

    Raises:
        DataError: too few pictures in all.
        UsageError: nothing was named, and nothing has been labelled.
    """
    progress("Reading the old pictures", 0, 0)
    with open_run(str(base.path), store=OWN) as run:
        old = collect_old_pictures(run)
    if new is None:
        if not len(old.since):
            raise UsageError(
                f"Nothing has been labelled in the index of '{base.name}' since it was trained.",
                f"Label pictures:  siam label FOLDER --run {base.name}   or name a data set.",
            )
    elif new.picture_shape[2] != base.config.preparation.channels:
        new = with_channels(new, base.config.preparation.channels)
    joined = join_pictures(new, old, base, seed=seed)
    before, after = dict.fromkeys(base.config.classes), dict.fromkeys(joined.classes)
    added = [name for name in after if name not in before]
    gone = [name for name in before if name not in after]
    trained = len(old.splits["train"])
    notice(
        f"Going on from '{base.name}': {trained:,} of the {trained + old.missing:,} pictures that "
        f"it was trained on are at hand; {len(joined.train):,} to train with in all."
    )
    for words, names in (("Labels that are new", added), ("Labels that are gone", gone)):
        if names:
            more = f" and {len(names) - 10} more" if len(names) > 10 else ""
            notice(f"{words}: {', '.join(names[:10])}{more}.")
    return joined


def collect_old_pictures(run: OpenRun) -> OldPictures:
    """Collect the pictures of a run: those held out, and of its index those with a label."""
    config = run.config
    shape = (*config.preparation.size, config.preparation.channels)
    validation, test = load_held_out(run.path, classes=len(config.classes))
    items = [item for item in run.gallery.items(run.gallery.select()) if item.label]
    items = [item for item in items if item.split in (None, "train")]
    labels = dict.fromkeys(item.label for item in items if item.label)
    classes = tuple(dict.fromkeys([*config.classes, *labels]))
    number_of = {name: number for number, name in enumerate(classes)}
    pixels = read_items(run, items, shape)
    split_of: dict[str, str] = {}
    for name, split in (("test", test), ("validation", validation)):
        split_of |= dict.fromkeys(map(digest, split.pictures), name)
    trained = [item for item in items if item.split == "train"]
    for item in trained:
        split_of[digest(pixels[item.id]) if item.id in pixels else item.hash] = "train"

    def split_of_items(chosen: Iterable[Item]) -> Split:
        there = [item for item in chosen if item.id in pixels]
        return Split(
            np.array([pixels[item.id] for item in there], np.uint8).reshape(-1, *shape),
            np.array([number_of[item.label or ""] for item in there], np.int64),
            tuple(item.origin if os.path.isabs(item.origin) else item.key for item in there),
        )

    held_out = {
        name: dataclasses.replace(part, origins=tuple(origins_of(config.source, part.origins)))
        for name, part in (("validation", validation), ("test", test))
    }
    train = split_of_items(trained)
    return OldPictures(
        classes,
        {"train": train, **held_out},
        split_of_items(item for item in items if item.split is None),
        split_of,
        missing=len(trained) - len(train),
    )


def read_items(
    run: OpenRun, items: Sequence[Item], shape: tuple[int, int, int]
) -> dict[int, Pictures]:
    """Return the pictures of items by id, as the network sees them, of those that are at hand."""
    pixels: dict[int, Pictures] = {}
    for start in range(0, len(items), PORTION):
        ids = [item.id for item in items[start : start + PORTION]]
        for number, png in zip(ids, run.gallery.thumbnails(ids), strict=True):
            picture = decode_thumbnail(png) if png else None
            if picture is not None and picture.shape == shape:
                pixels[number] = picture
    files = {
        str(item.id): path_of(item.origin)
        for item in items
        if item.id not in pixels and os.path.isfile(path_of(item.origin))
    }
    for read in itertools.chain.from_iterable(
        read_ahead(list(files.items()), run.config.preparation)
    ):
        if isinstance(read, PreparedPicture):
            pixels[int(read.name)] = read.prepared.pixels
    return pixels


def join_pictures(new: Dataset | None, old: OldPictures, base: Base, *, seed: int) -> Dataset:
    """Join new pictures with old ones, each in the split that it was in before.

    Of one content the new picture stays, with its label. Where `new` is what the base was trained
    on, a picture that is no longer in it is gone on purpose.

    Args:
        new: in the form of the old ones; None = there are none.
        old: the base's.
        base: the run that they are of.
        seed: of the splits of what was labelled in the index.

    Raises:
        DataError: too few pictures, or a class of one.
    """
    names = tuple(dict.fromkeys([*old.classes, *(new.classes if new else ())]))
    place_of = {name: place for place, name in enumerate(names)}
    parts: list[tuple[str, Split]] = []
    if new is not None:
        place = np.array([place_of[name] for name in new.classes], np.int64)
        for part in SPLITS:
            split: Split = getattr(new, part)
            parts.append((part, dataclasses.replace(split, labels=place[split.labels])))
    first_old = len(parts)
    divided = three_way(old.since.labels, seed=seed)
    parts += [(part, old.since.take(rows)) for part, rows in zip(SPLITS, divided, strict=True)]
    parts += list(old.splits.items())
    chosen: dict[str, list[Split]] = {part: [] for part in SPLITS}
    seen: set[str] = set()
    taken: set[str] = set()
    for number, (part, split) in enumerate(parts):
        digests = [digest(picture) for picture in split.pictures]
        is_old = number >= first_old
        rows = [
            row
            for row, content in enumerate(digests)
            if not is_old or not (content in seen or belongs_to(new, split.origins[row], base))
        ]
        for target in SPLITS:
            there = [row for row in rows if old.split_of.get(digests[row], part) == target]
            some = split.take(np.array(there, np.int64))
            origins = tuple(
                f"{base.name}/{name}" if name in taken else name for name in some.origins
            )
            chosen[target].append(dataclasses.replace(some, origins=origins))
        taken |= set(split.origins)
        seen |= set(digests)
    joined = {part: join_splits(splits) for part, splits in chosen.items()}
    known = np.unique(joined["train"].labels)
    number_of = np.full(len(names), -1)
    number_of[known] = np.arange(len(known))
    for part, split in joined.items():
        stays = split.take(np.flatnonzero(number_of[split.labels] >= 0))
        joined[part] = dataclasses.replace(stays, labels=number_of[stays.labels])
    classes = tuple(names[label] for label in known)
    config = base.config
    group_of = dict(zip(config.classes, config.groups, strict=False))
    group_of |= dict(zip(new.classes, new.groups, strict=False)) if new else {}
    dataset = assemble(
        name=new.name if new else config.name,
        source=new.source if new else config.source,
        classes=classes,
        train=joined["train"],
        validation=joined["validation"],
        test=joined["test"],
        prepare=config.preparation.chain,
        seed=seed,
        groups=tuple(group_of[name] for name in classes) if set(classes) <= set(group_of) else (),
        skipped=new.skipped if new else (),
        depth=new.depth if new else 0,
    )
    return dataset if new is None or new.unseen is None else with_unseen(dataset, new)


def belongs_to(new: Dataset | None, origin: str, base: Base) -> bool:
    """Tell whether an old picture would be in the new data set, were it still there."""
    if new is None:
        return False
    if os.path.isabs(origin):
        return Path(origin).is_relative_to(new.source)
    top = origin.partition("/")[0]
    return new.source == base.config.source and new.train.origins[0].partition("/")[0] == top


def with_unseen(dataset: Dataset, new: Dataset) -> Dataset:
    """Return a data set with the classes that another one holds out of training."""
    assert new.unseen is not None
    labels = new.unseen.labels - len(new.classes) + len(dataset.classes)
    groups = new.groups[len(new.classes) :]
    return dataclasses.replace(
        dataset,
        unseen=dataclasses.replace(new.unseen, labels=labels),
        unseen_classes=new.unseen_classes,
        groups=(*dataset.groups, *groups) if dataset.groups and groups else (),
    )


def with_channels(dataset: Dataset, channels: int) -> Dataset:
    """Return a data set with as many channels, grey as one or colour as three."""
    import cv2

    def convert(split: Split) -> Split:
        pictures = in_channels(split.pictures, channels)
        if pictures.shape[3] > channels:
            grey = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in pictures]
            pictures = np.array(grey, np.uint8).reshape(*pictures.shape[:3], 1)
        return dataclasses.replace(split, pictures=pictures)

    return dataclasses.replace(
        dataset,
        train=convert(dataset.train),
        validation=convert(dataset.validation),
        test=convert(dataset.test),
        unseen=convert(dataset.unseen) if dataset.unseen else None,
    )
