"""What can be embedded, as a stream: picture files, a data set's split, arrays, a table."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from siam.array_types import Pictures
from siam.datasets.arrays import read_arrays
from siam.engine.embedding.batches import Batch, Input, Portion, read_batches
from siam.engine.labels import label_files
from siam.errors import UsageError
from siam.pictures.folder_walk import picture_sources
from siam.pictures.object_store import is_stored
from siam.progress import Progress, silent
from siam.run_files import HELD_OUT_FILE
from siam.runs.config import RunConfig

if TYPE_CHECKING:
    from siam.datasets.dataset import Dataset

__all__ = ["in_channels", "open_input"]

SPLITS = ("train", "validation", "test", "unseen")
DATASETS = ("mnist", "digits")
# Pictures handed on at once.
ROWS = 4096


def open_input(
    name: str,
    config: RunConfig,
    *,
    standard_input: BinaryIO,
    data_dir: Path | None = None,
    run: Path | None = None,
    progress: Progress = silent,
) -> Input:
    """Open what `name` means.

    Args:
        name: a picture, a folder of pictures, "-" for a picture on standard input, an .npz file
            with `x`, a Parquet table with a column of pictures (`siam.engine.embedding
            .picture_table`), DATASET:SPLIT such as mnist:test, or s3://BUCKET/PREFIX for a folder,
            a picture or a table in an object store.
        config: of the run that will embed; says how pictures are prepared, and the seed by which
            a data set is split.
        standard_input: where "-" reads from.
        data_dir: where data sets stand.
        run: the folder of the run that will embed, whose held-out pictures divide the data set of
            a training that went on from another; None divides it by the seed.
        progress: told of the reading of a data set.

    Raises:
        DataError: it is not there or cannot be read.
        UsageError: a data set without a split, or one that has no such split.
        MissingExtraError: what reads a table or a store is not installed.
    """
    path = Path(name)
    dataset, colon, split = name.rpartition(":")
    if colon and dataset and split in SPLITS and not path.exists():
        return open_split(dataset, split, config, data_dir, run, progress)
    if colon and dataset in DATASETS and not path.exists():
        raise UsageError(f"{dataset} has no split '{split}'.", f"There are {', '.join(SPLITS)}.")
    if name in DATASETS and not path.exists():
        raise UsageError(f"'{name}' has several splits.", f"Name one, such as {name}:test.")
    if path.suffix.lower() == ".npz":
        return open_arrays(path)
    if path.suffix.lower() == ".parquet" and (is_stored(name) or not path.is_dir()):
        from siam.engine.embedding.picture_table import open_table

        return open_table(name, config)
    if is_stored(name):
        from siam.engine.embedding.stored_pictures import open_stored_pictures

        return open_stored_pictures(name, config)
    return open_pictures(name, config, standard_input)


def open_split(
    name: str,
    split: str,
    config: RunConfig,
    data_dir: Path | None,
    run: Path | None,
    progress: Progress,
) -> Input:
    """Open a split of a data set, divided as the run's own was."""
    from siam.datasets.holdout import hold_out
    from siam.datasets.load import holds_picture_files, load_dataset

    path = Path(name)
    own = path.exists()
    of_files = own and holds_picture_files(path)
    dataset = load_dataset(
        name,
        data_dir=data_dir,
        seed=config.train.seed,
        size=config.preparation.size if own else None,
        classes_from=config.data.classes_from if of_files else None,
        prepare=config.preparation.chain if own else None,
        progress=progress,
    )
    same_data = name == config.data.dataset or dataset.source == config.source
    if same_data and config.data.holdout_classes:
        dataset = hold_out(dataset, config.data.holdout_classes)
    if same_data and config.base is not None and run is not None:
        dataset = divide_by_held_out(dataset, run, config.preparation.channels)
    chosen = getattr(dataset, split)
    if chosen is None:
        raise UsageError(f"{name} has no classes held out, so no split 'unseen'.")
    classes = np.array([*dataset.classes, *dataset.unseen_classes])

    def portion(block: range) -> Portion:
        rows = slice(block.start, block.stop)
        known = classes[chosen.labels[rows]].tolist()
        channels = config.preparation.channels
        return partial(cut_arrays, chosen.origins[rows], known, chosen.pictures[rows], channels)

    return Input(chosen.origins, portion)


def divide_by_held_out(dataset: Dataset, run: Path, channels: int) -> Dataset:
    """Divide a data set by the pictures that a run was not trained on.

    A training that goes on from another run leaves every picture in the split that it was in there,
    whatever the seed would say (`siam.engine.fine_tuning.old_pictures`).

    Raises:
        RunError: the run's held-out pictures are missing, or not what training wrote.
    """
    from siam.datasets.dataset import join_splits
    from siam.engine.index.digest import digest
    from siam.runs.held_out import load_held_out
    from siam.runs.manifest import verify_files

    verify_files(run, (HELD_OUT_FILE,))
    split_of = {
        digest(picture): name
        for name, split in zip(("validation", "test"), load_held_out(run), strict=True)
        for picture in split.pictures
    }
    whole = join_splits((dataset.train, dataset.validation, dataset.test))
    pictures = in_channels(whole.pictures, channels)
    names = np.array([split_of.get(digest(picture), "train") for picture in pictures])
    train, validation, test = (whole.take(np.flatnonzero(names == name)) for name in SPLITS[:3])
    return dataclasses.replace(dataset, train=train, validation=validation, test=test)


def open_arrays(path: Path) -> Input:
    """Open an .npz file; its pictures are taken as they are."""
    pictures, labels = read_arrays(path)
    name = path.name  # which a path finds out anew each time
    keys = [f"{name}/{row}" for row in range(len(pictures))]

    def portion(block: range) -> Portion:
        rows = slice(block.start, block.stop)
        known = [None] * len(block) if labels is None else labels[rows].astype(str).tolist()
        return partial(cut_arrays, keys[rows], known, pictures[rows], pictures.shape[3])

    return Input(keys, portion)


def open_pictures(name: str, config: RunConfig, standard_input: BinaryIO) -> Input:
    """Open picture files; in a folder's sub-folders they are labelled by those, as in training."""
    sources = picture_sources([name], standard_input=standard_input)
    labels: dict[str, str] = {}
    if Path(name).is_dir():
        paths = {
            source.relative_to(name).as_posix(): key
            for key, source in sources
            if isinstance(source, Path)
        }
        entries = label_files(Path(name), list(paths), config)
        labels = {paths[path]: entry.class_name for path, entry in entries.items()}

    def portion(block: range) -> Portion:
        chosen = sources[block.start : block.stop]
        known = [labels.get(key) for key, _ in chosen]
        return partial(read_batches, chosen, known, config.preparation)

    return Input([key for key, _ in sources], portion)


def cut_arrays(
    keys: Sequence[str], labels: Sequence[str | None], pictures: Pictures, channels: int
) -> Iterator[Batch]:
    """Yield pictures that are at hand, some thousands at a time."""
    for start in range(0, len(keys), ROWS):
        part = slice(start, start + ROWS)
        yield Batch(list(keys[part]), labels[part], in_channels(pictures[part], channels))


def in_channels(pictures: Pictures, channels: int) -> Pictures:
    """Return grey pictures in the channels that a network takes; others as they are."""
    if pictures.shape[3] == 1 and channels > 1:
        return np.repeat(pictures, channels, axis=3)
    return pictures
