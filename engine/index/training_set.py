"""Fill a new run's index with the pictures it was trained and validated on."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from siam.index.gallery import Gallery
from siam.pictures.names import path_of
from siam.pictures.thumbnail import encode_thumbnail
from siam.progress import Progress, silent
from siam.run_files import INDEX_FOLDER
from siam.siamese.encoder import Encoder

if TYPE_CHECKING:
    from siam.datasets.dataset import Dataset

__all__ = ["fill_gallery", "origin_of"]

CHUNK = 10_000


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
    done = 0
    progress("Indexing", 0, total)
    with Gallery.create(folder, dim=encoder.dim, encoder_hash=encoder.hash) as gallery:
        for name, split in (("train", dataset.train), ("validation", dataset.validation)):
            for start in range(0, len(split), CHUNK):
                part = slice(start, start + CHUNK)
                pictures = split.pictures[part]
                gallery.add(
                    encoder.encode(pictures),
                    keys=split.origins[part],
                    origins=[origin_of(dataset.source, key) for key in split.origins[part]],
                    labels=[dataset.classes[label] for label in split.labels[part]],
                    splits=name,
                    hashes=[hashlib.sha256(picture.tobytes()).hexdigest() for picture in pictures],
                    thumbnails=[encode_thumbnail(picture) for picture in pictures],
                )
                done += len(pictures)
                progress("Indexing", done, total)


def origin_of(source: str, key: str) -> str:
    """Return where a picture came from: its file where it has one, which `siam index sync` knows.

    Args:
        source: the data set's; a folder for pictures in files.
        key: the picture's name in the data set.
    """
    # Keys begin with the folder's own name, so that those of two folders differ.
    file = (Path(source).parent / key).as_posix()
    return file if path_of(file).is_file() else key
