"""What is audited: every labelled picture of a data set, doubles and tiny classes included.

Training refuses or leaves out what an audit is there to find, so pictures are read here by what
stands behind `load_dataset`: the same walk, the same labels, the same preparation.
"""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from siam.array_types import Floats, Integers, Pictures
from siam.atomic import sha256
from siam.datasets.assemble import need_two_classes
from siam.datasets.dataset import Dataset
from siam.datasets.layout import Entry, PictureSet, arrange, split_of
from siam.datasets.load import NAMES, holds_picture_files, load_dataset, open_pictures
from siam.datasets.preparation_choice import choose_preparation
from siam.engine.audit.registration import grey_frame
from siam.engine.audit.traits import picture_traits
from siam.engine.index.digest import digest
from siam.engine.inputs import in_channels
from siam.errors import DataError, MissingExtraError, PictureError
from siam.parallel import parallel_map
from siam.pictures.names import to_text
from siam.pictures.preparation import Preparation, prepare_picture
from siam.pictures.reading import Skipped, original_size, read_picture
from siam.progress import Progress, silent

__all__ = ["AuditedPictures", "read_audited"]

AHEAD = 64  # pictures that each core begins before they are asked for


@dataclass(frozen=True)
class AuditedPictures:
    """The pictures of a data set, in the order of their files.

    Attributes:
        dataset: its name.
        source: where it was read from.
        classes: names; a label is a position in it.
        paths: n names, below the folder with "/" between the parts, or "mnist/train/17".
        keys: what a run calls them, n.
        splits: n of "train", "validation" and "test"; all "train" where files make no splits.
        labels: int64 (n,).
        pictures: uint8 (n, height, width, channels), as a network sees them.
        frames: uint8 (n, 32, 32), of `grey_frame`, of the pictures as their files have them.
        traits: float64 (n, traits), of `picture_traits`, likewise.
        hashes: SHA-256 of each file's content, or of the pixels where there are no files.
        skipped: files that could not be read.
        preparation: the chain that made `pictures`.
    """

    dataset: str
    source: str
    classes: tuple[str, ...]
    paths: tuple[str, ...]
    keys: tuple[str, ...]
    splits: tuple[str, ...]
    labels: Integers
    pictures: Pictures
    frames: Pictures
    traits: Floats
    hashes: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    preparation: Preparation

    def __len__(self) -> int:
        return len(self.labels)


def read_audited(
    spec: str,
    *,
    data_dir: Path | None = None,
    preparation: Preparation | None = None,
    classes_from: str | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> AuditedPictures:
    """Read every labelled picture of a data set.

    Args:
        spec: as `load_dataset` takes it.
        data_dir: where named data sets stand.
        preparation: a run's; None follows the data.
        classes_from: which folders are the class, see `siam.datasets.layout.class_depth`.
        seed: of the splits that files do not make.
        progress: told of pictures read.

    Raises:
        DataError: it is not there, cannot be read, or has less than two classes.
    """
    path = Path(spec).expanduser()
    if spec in NAMES or not path.exists() or not holds_picture_files(path):
        loaded = load_dataset(spec, data_dir=data_dir, seed=seed, progress=progress)
        return audited_arrays(loaded, preparation)
    with open_pictures(path) as files:
        return read_files(files, preparation, classes_from, progress)


def audited_arrays(dataset: Dataset, preparation: Preparation | None) -> AuditedPictures:
    """Put the splits of a data set of arrays together."""
    parts = (dataset.train, dataset.validation, dataset.test)
    pictures = np.concatenate([part.pictures for part in parts])
    keys = tuple(key for part in parts for key in part.origins)
    made = preparation or Preparation(
        dataset.prepare, dataset.picture_shape[:2], dataset.picture_shape[2]
    )
    if pictures.shape[1:3] != made.size:
        raise DataError(
            f"The pictures of {dataset.source} are {pictures.shape[2]} x {pictures.shape[1]}, "
            f"those of the run {made.size[1]} x {made.size[0]}.",
            "Name a run that was trained on such pictures with --run.",
        )
    return AuditedPictures(
        dataset=dataset.name,
        source=dataset.source,
        classes=dataset.classes,
        paths=keys,
        keys=keys,
        # "mnist/test/7": of splits that were drawn nothing can have leaked.
        splits=tuple(
            split_of(key.rpartition("/")[0].rpartition("/")[2]) or "train" for key in keys
        ),
        labels=np.concatenate([part.labels for part in parts]),
        pictures=in_channels(pictures, made.channels),
        frames=np.stack(list(parallel_map(grey_frame, pictures, ahead=AHEAD))),
        traits=np.stack([picture_traits(one, one.shape[:2]) for one in pictures]),
        hashes=tuple(digest(one) for one in pictures),
        skipped=(),
        preparation=made,
    )


@dataclass(frozen=True)
class ReadPicture:
    """What is kept of one file."""

    pixels: Pictures
    frame: Pictures
    traits: Floats
    hash: str


def read_files(
    files: PictureSet,
    preparation: Preparation | None,
    classes_from: str | None,
    progress: Progress,
) -> AuditedPictures:
    """Read labelled picture files, each once."""
    layout = files.layout or arrange(files.listing.pictures, classes_from=classes_from)
    need_two_classes(to_text(files.source), sorted({one.class_name for one in layout.entries}))
    made = preparation or follow_data(files, layout.entries)

    def read(entry: Entry) -> ReadPicture | Skipped:
        try:
            source = files.fetch(entry.path)
            image = read_picture(source, name=entry.path, enough=made.enough)
            size = original_size(image)
            prepared = prepare_picture(image, made)
        except (PictureError, MissingExtraError) as error:
            return Skipped(entry.path, error.problem.removeprefix(entry.path).lstrip(": "))
        own = sha256(source) if isinstance(source, Path) else hashlib.sha256(source).hexdigest()
        shown = prepared.steps[0][1]
        traits = picture_traits(shown, (size[1], size[0]))
        return ReadPicture(prepared.pixels, grey_frame(shown), traits, own)

    entries: list[Entry] = []
    kept: list[ReadPicture] = []
    skipped = [*files.listing.skipped]
    results = parallel_map(read, layout.entries, ahead=AHEAD)
    for done, (entry, one) in enumerate(zip(layout.entries, results, strict=True), start=1):
        if isinstance(one, Skipped):
            skipped.append(one)
        else:
            entries.append(entry)
            kept.append(one)
        progress("Reading pictures", done, len(layout.entries))
    classes = tuple(sorted({entry.class_name for entry in entries}))
    need_two_classes(to_text(files.source), classes)
    label_of = {name: label for label, name in enumerate(classes)}
    name = to_text(files.name)
    pixels = np.stack([one.pixels for one in kept])
    if preparation is None and (pixels == pixels[..., :1]).all():
        pixels, made = pixels[..., :1].copy(), dataclasses.replace(made, channels=1)
    return AuditedPictures(
        dataset=name,
        source=to_text(files.source),
        classes=classes,
        paths=tuple(to_text(entry.path) for entry in entries),
        keys=tuple(f"{name}/{to_text(entry.path)}" for entry in entries),
        splits=tuple(entry.part for entry in entries),
        labels=np.array([label_of[entry.class_name] for entry in entries], np.int64),
        pictures=pixels,
        frames=np.stack([one.frame for one in kept]),
        traits=np.stack([one.traits for one in kept]),
        hashes=tuple(one.hash for one in kept),
        skipped=tuple(Skipped(to_text(skip.path), skip.reason) for skip in skipped),
        preparation=made,
    )


def follow_data(files: PictureSet, entries: tuple[Entry, ...]) -> Preparation:
    """Choose how pictures are prepared, as a training would."""
    choice = choose_preparation(list(entries), files.fetch, prepare=None, size=None)
    return Preparation(choice.chain, choice.size, channels=3)
