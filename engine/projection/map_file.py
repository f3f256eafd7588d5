"""A gallery's map in the index's folder, `map.npz`: derived, computed again where it is gone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from siam.atomic import replacing
from siam.datasets.arrays import open_arrays
from siam.engine.projection.gallery_map import GalleryMap
from siam.errors import StoreError

__all__ = ["load_map", "save_map"]

FILE = "map.npz"


def save_map(folder: Path, known: GalleryMap) -> None:
    """Keep a map in an index's folder, whole or not at all.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    with replacing(folder / FILE) as temporary, temporary.open("wb") as target:
        np.savez(
            target,
            encoder=np.array(known.encoder),
            ids=known.ids,
            checksums=known.checksums,
            places=known.places,
            original=known.original,
            computed=np.array(known.computed, np.int64),
        )


def load_map(folder: Path) -> GalleryMap | None:
    """Return the map that an index's folder holds; None where it holds none.

    Raises:
        StoreError: the file is damaged.
    """
    try:
        with open_arrays(folder / FILE) as arrays:
            return check_map(arrays)
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise StoreError(
            f"The map {folder / FILE} is damaged ({error}).",
            "Delete it: it is computed again when the page shows it.",
        ) from error


def check_map(arrays: Mapping[str, np.ndarray]) -> GalleryMap:
    """Return the map that arrays hold; what cannot be one is a ValueError."""
    encoder, computed = arrays["encoder"], arrays["computed"]
    if encoder.dtype.kind != "U" or encoder.shape or computed.dtype != np.int64 or computed.shape:
        raise ValueError("it does not say what it is of")
    ids, checksums, places = arrays["ids"], arrays["checksums"], arrays["places"]
    original = arrays["original"]
    shapes = [(array.dtype.str[1:], array.shape) for array in (ids, checksums, places, original)]
    count = ids.size
    if shapes != [("i8", (count,)), ("i8", (count,)), ("f4", (count, 2)), ("b1", (count,))]:
        raise ValueError(f"its arrays are {shapes}")
    if (np.diff(ids) < 1).any():
        raise ValueError("its ids do not ascend")
    if not ((places >= 0) & (places <= 1)).all():  # NaN is not, either
        raise ValueError("a place lies outside the map")
    if not int(original.sum()) <= int(computed):
        raise ValueError(f"it was computed of {int(computed)} items")
    return GalleryMap(str(encoder), ids, checksums, places, original, int(computed))
