"""Fill a new run's index with the pictures it was trained and validated on."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from siam.engine.index.digest import digest
from siam.index.gallery import Gallery
from siam.parallel import parallel_map
from siam.pictures.names import path_of
from siam.pictures.thumbnail import encode_thumbnail
from siam.progress import Progress, silent
from siam.run_files import INDEX_FOLDER
from siam.siamese.encoder import Encoder

if TYPE_CHECKING:
    from siam.datasets.dataset import Dataset, Split

__all__ = ["fill_gallery", "origins_of"]

PORTION = 2_000


def fill_gallery(
    run: Path, dataset: Dataset, encoder: Encoder, *, progress: Progress = silent
) -> None:
    """Embed and index the training and validation pictures of a data set.

    What an interrupted filling left is thrown away: it was not a run's yet.

    Args:
        run: the folder of the run in the making.
        dataset: what it was trained on.
        encoder: the run's.
        progress: told of pictures indexed.
    """
    folder = run / INDEX_FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    total = len(dataset.train) + len(dataset.validation)
    portions = [
        (name, split, slice(start, start + PORTION))
        for name, split in (("train", dataset.train), ("validation", dataset.validation))
        for start in range(0, len(split), PORTION)
    ]

    def describe(portion: tuple[str, Split, slice]) -> dict[str, Any]:
        name, split, rows = portion
        pictures, keys = split.pictures[rows], split.origins[rows]
        return {
            "vectors": encoder.encode(pictures),
            "keys": keys,
            "origins": origins_of(dataset.source, keys),
            "labels": [dataset.classes[label] for label in split.labels[rows]],
            "splits": name,
            "hashes": [digest(picture) for picture in pictures],
            "thumbnails": [encode_thumbnail(picture) for picture in pictures],
        }

    done = 0
    progress("Indexing", 0, total)
    with Gallery.create(folder, dim=encoder.dim, encoder_hash=encoder.hash) as gallery:
        for columns in parallel_map(describe, portions, ahead=2):
            gallery.add(**columns)
            done += len(columns["keys"])
            progress("Indexing", done, total)


def origins_of(source: str, keys: Iterable[str]) -> list[str]:
    """Return where pictures came from: their files where they have any, as `siam index sync` does.

    Args:
        source: the data set's; a folder for pictures in files.
        keys: the pictures' names in the data set.
    """
    # Keys begin with the folder's own name, so that those of two folders differ.
    beside = (Path(source).parent / "_").as_posix()[:-1]
    return [file if os.path.isfile(path_of(file := beside + key)) else key for key in keys]
