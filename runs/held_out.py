"""The pictures that a run was never trained on, kept in the run to judge it by.

Kept whole, so that a folder that changes after training can never slip training pictures into
the test, and a run can be judged where its data set is not.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from siam.array_types import Pictures
from siam.atomic import replacing
from siam.datasets.arrays import MOST_BYTES, open_arrays
from siam.datasets.dataset import Split
from siam.errors import PictureError, RunError
from siam.pictures.reading import read_picture
from siam.run_files import HELD_OUT_FILE

if TYPE_CHECKING:
    from siam.datasets.dataset import Dataset

__all__ = ["load_held_out", "save_held_out"]

# Enough for every figure's interval; a larger split is cut by a seeded draw.
MOST_PICTURES = 20_000
# Larger pictures, such as those of a pretrained tower, are kept as lossless WebP: half the bytes
# of the archive's own compression, and still the very pixels, by which copies are recognised.
MOST_PLAIN_BYTES = 64 * 64 * 3


def save_held_out(folder: Path, dataset: Dataset, *, seed: int) -> None:
    """Keep the validation and the test split of a data set.

    Args:
        folder: the run's folder.
        dataset: what it is trained on.
        seed: which pictures are kept of a split of more than 20,000.
    """
    content: dict[str, Any] = {}
    for name, split in (("validation", dataset.validation), ("test", dataset.test)):
        kept = split
        if len(split) > MOST_PICTURES:
            rng = np.random.default_rng(seed)
            kept = split.take(np.sort(rng.permutation(len(split))[:MOST_PICTURES]))
        content |= pack_pictures(name, kept.pictures)
        content[f"{name}_labels"] = kept.labels
        content[f"{name}_origins"] = np.array(kept.origins, dtype=np.str_)
    with replacing(folder / HELD_OUT_FILE) as temporary, temporary.open("wb") as target:
        np.savez_compressed(target, **content)


def pack_pictures(name: str, pictures: Pictures) -> dict[str, Any]:
    """Return the arrays that keep a split's pictures: themselves, or, of larger ones, files."""
    if pictures[:1].nbytes <= MOST_PLAIN_BYTES:
        return {f"{name}_pictures": pictures}
    from PIL import Image

    files = []
    for picture in pictures:
        file = io.BytesIO()
        shown = picture[..., 0] if picture.shape[2] == 1 else picture
        Image.fromarray(shown).save(file, "WEBP", lossless=True, exact=True, method=0)
        files.append(file.getvalue())
    return {
        f"{name}_shape": np.array(pictures.shape),
        f"{name}_webp": np.frombuffer(b"".join(files), np.uint8),
        f"{name}_webp_sizes": np.array([len(file) for file in files]),
    }


def unpack_pictures(content: Mapping[str, Any], name: str) -> Pictures:
    """Return what `pack_pictures` packed; arrays that do not fit together are a ValueError."""
    if f"{name}_webp" not in content:
        plain: Pictures = content[f"{name}_pictures"]
        return plain
    shape, data, sizes = (content[f"{name}_{part}"] for part in ("shape", "webp", "webp_sizes"))
    if any(array.dtype.kind not in "iu" or array.ndim != 1 for array in (shape, data, sizes)):
        raise ValueError(f"{name} pictures are no files")
    if len(shape) != 4 or shape[3] not in (1, 3):
        raise ValueError(f"{name} pictures are of shape {shape.tolist()}")
    count, height, width, channels = map(int, shape)
    if len(sizes) != count or sizes.min(initial=0) < 0 or int(sizes.sum()) != data.nbytes:
        raise ValueError(f"{name} pictures are {len(sizes)} files of {sizes.sum()} bytes")
    # Said before it is unpacked: a few bytes may unpack to gigabytes.
    if min(height, width) < 1 or count * height * width * 3 > MOST_BYTES:
        raise ValueError(f"{name} pictures are of shape {shape.tolist()}")
    pictures = np.empty((count, height, width, channels), np.uint8)
    for place, end in enumerate(np.cumsum(sizes)):
        file = data[end - sizes[place] : end].tobytes()
        try:
            image = read_picture(file, name=f"{name} picture {place}")
        except PictureError as error:
            raise ValueError(error.problem) from error
        if image.size != (width, height):
            raise ValueError(f"{name} picture {place} is {image.size[0]} x {image.size[1]}")
        pictures[place] = np.asarray(image.convert("RGB"))[..., :channels]
    return pictures


def load_held_out(folder: Path, *, classes: int | None = None) -> tuple[Split, Split]:
    """Return a run's (validation, test).

    Args:
        folder: the run's.
        classes: how many it has, to check the labels by; only that they are no less than 0 when
            left out.

    Raises:
        RunError: the file is missing or damaged.
    """
    path = folder / HELD_OUT_FILE
    try:
        with open_arrays(path) as content:
            validation, test = (
                read_split(content, name, classes) for name in ("validation", "test")
            )
        if validation.pictures.shape[1:] != test.pictures.shape[1:]:
            raise ValueError("validation and test pictures are of two shapes")
    except (FileNotFoundError, ValueError) as error:
        raise RunError(
            f"{path} cannot be read ({error}).",
            "Copy it back from where it was whole, or train the run again.",
        ) from error
    return validation, test


def read_split(content: Mapping[str, Any], name: str, classes: int | None) -> Split:
    """Return a split of an archive's arrays; other types, shapes or labels are a ValueError."""
    pictures = unpack_pictures(content, name)
    labels, origins = (content[f"{name}_{part}"] for part in ("labels", "origins"))
    if pictures.dtype != np.uint8 or pictures.ndim != 4 or pictures.shape[3] not in (1, 3):
        raise ValueError(f"{name} pictures are {pictures.dtype} of shape {pictures.shape}")
    if labels.dtype != np.int64 or labels.shape != pictures.shape[:1]:
        raise ValueError(f"{name} labels are {labels.dtype} of shape {labels.shape}")
    if origins.dtype.kind != "U" or origins.shape != labels.shape:
        raise ValueError(f"{name} origins are {origins.dtype} of shape {origins.shape}")
    if labels.size and not 0 <= labels.min() <= labels.max() < (classes or np.inf):
        raise ValueError(f"{name} labels are {labels.min()} to {labels.max()}")
    return Split(pictures, labels, tuple(origins.tolist()))
