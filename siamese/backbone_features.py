"""What a frozen network makes of pictures, computed once: the slow part of training on it."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from siam.array_types import Maps, Pictures, Vectors
from siam.atomic import replacing
from siam.datasets.arrays import open_arrays
from siam.progress import Progress, silent
from siam.siamese.backbone import Backbone
from siam.siamese.backbone_cut import with_maps

__all__ = ["Seen", "compute_features", "keep_features", "time_features"]

BATCH = 32


@dataclass(frozen=True)
class Seen:
    """What a backbone makes of pictures.

    Attributes:
        features: float32 (n, features).
        maps: at the cut, float16 (n, height, width, channels); None where it was not cut. In
            float16 they take half of the place, and what is made of them is the same.
    """

    features: Vectors
    maps: Maps | None = None


def compute_features(
    model: keras.Model, pictures: Pictures | Maps, *, progress: Progress = silent
) -> Vectors:
    """Return what a network makes of pictures, a few at a time.

    Args:
        model: float32 (n, height, width, channels), 0 to 255, to float32 (n, features).
        pictures: uint8 (n, height, width, channels); grey ones are shown as RGB if need be. Or
            maps, where that is what the network takes.
        progress: told of pictures done.

    Returns:
        float32 (n, features).
    """
    features = np.empty((len(pictures), model.output_shape[1]), np.float32)
    for part, given in show(model, pictures, progress):
        features[part] = given
    return features


def show(
    model: keras.Model, pictures: Pictures | Maps, progress: Progress
) -> Iterator[tuple[slice, Any]]:
    """Yield which pictures were shown, and what a network gave.

    The last few are filled up to a batch: another number would be compiled anew.
    """
    for start in range(0, len(pictures), BATCH):
        part = slice(start, min(start + BATCH, len(pictures)))
        count = part.stop - start
        shown = np.zeros((BATCH, *pictures.shape[1:]), np.float32)
        shown[:count] = pictures[part]
        if shown.shape[-1] < model.input_shape[-1]:
            shown = np.repeat(shown, 3, axis=-1)
        given = model.predict_on_batch(shown)
        yield part, keras.tree.map_structure(lambda rows, count=count: rows[:count], given)
        progress("Computing features", part.stop, len(pictures))


def keep_features(
    backbone: Backbone,
    pictures: Pictures,
    path: Path,
    *,
    maps: bool = False,
    progress: Progress = silent,
) -> Seen:
    """Return what a backbone makes of pictures, from a file where it holds just that.

    Args:
        backbone: what looks.
        pictures: uint8 (n, side, side, channels).
        path: the `.npz` file that keeps it; a damaged one is made anew.
        maps: those at its cut are kept too, see `siam.siamese.backbone_cut`.
        progress: told of pictures done.
    """
    digest = hashlib.sha256(backbone.hash.encode())
    digest.update(np.ascontiguousarray(pictures).data)
    key = np.frombuffer(digest.digest(), np.uint8)
    model = with_maps(backbone.model) if maps else backbone.model
    names, shapes = ("features", "maps"), [one.shape[1:] for one in model.outputs]
    made: dict[str, Any] = {
        name: np.empty((len(pictures), *shape), dtype)
        for name, shape, dtype in zip(names, shapes, (np.float32, np.float16), strict=False)
    }
    with contextlib.suppress(FileNotFoundError, ValueError), open_arrays(path) as content:
        kept = {name: content[name] for name in made}
        whole = all(
            (kept[name].shape, kept[name].dtype) == (array.shape, array.dtype)
            and np.isfinite(kept[name]).all()
            for name, array in made.items()
        )
        if whole and np.array_equal(content["key"], key):
            return Seen(**kept)
    for part, given in show(model, pictures, progress):
        for array, values in zip(made.values(), keras.tree.flatten(given), strict=True):
            most = np.finfo(array.dtype).max
            array[part] = np.clip(values, -most, most)
    with replacing(path) as temporary, temporary.open("wb") as target:
        np.savez(target, key=key, **made)
    return Seen(**made)


def time_features(backbone: Backbone) -> float:
    """Return the seconds that a backbone takes for a picture here, after the first few."""
    pictures = np.zeros((BATCH, *backbone.model.input_shape[1:]), np.uint8)
    compute_features(backbone.model, pictures)  # which compiles it
    started = time.perf_counter()
    compute_features(backbone.model, pictures)
    return (time.perf_counter() - started) / BATCH
