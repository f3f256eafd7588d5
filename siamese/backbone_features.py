"""What a frozen network makes of pictures, computed once: the slow part of training on it."""

from __future__ import annotations

import contextlib
import hashlib
import time
from pathlib import Path

import keras
import numpy as np

from siam.array_types import Pictures, Vectors
from siam.atomic import replacing
from siam.datasets.arrays import open_arrays
from siam.progress import Progress, silent
from siam.siamese.backbone import Backbone

__all__ = ["compute_features", "keep_features", "time_features"]

BATCH = 32


def compute_features(
    model: keras.Model, pictures: Pictures, *, progress: Progress = silent
) -> Vectors:
    """Return what a network makes of pictures, a few at a time.

    Args:
        model: float32 (n, height, width, channels), 0 to 255, to float32 (n, features).
        pictures: uint8 (n, height, width, channels); grey ones are shown as RGB if need be.
        progress: told of pictures done.

    Returns:
        float32 (n, features).
    """
    features = np.empty((len(pictures), model.output_shape[1]), np.float32)
    for start in range(0, len(pictures), BATCH):
        part = pictures[start : start + BATCH].astype(np.float32)
        if part.shape[-1] < model.input_shape[-1]:
            part = np.repeat(part, 3, axis=-1)
        features[start : start + len(part)] = model.predict_on_batch(part)
        progress("Computing features", min(start + BATCH, len(pictures)), len(pictures))
    return features


def keep_features(
    backbone: Backbone, pictures: Pictures, path: Path, *, progress: Progress = silent
) -> Vectors:
    """Return `compute_features`, from a file where it holds those of this backbone and pictures.

    Args:
        backbone: what looks.
        pictures: uint8 (n, side, side, channels).
        path: the `.npz` file that keeps them; a damaged one is made anew.
        progress: told of pictures done.
    """
    digest = hashlib.sha256(backbone.hash.encode())
    digest.update(np.ascontiguousarray(pictures).data)
    key = np.frombuffer(digest.digest(), np.uint8)
    shape = (len(pictures), backbone.model.output_shape[1])
    with contextlib.suppress(FileNotFoundError, ValueError), open_arrays(path) as content:
        features: Vectors = content["features"]
        whole = features.shape == shape and features.dtype == np.float32
        if whole and np.isfinite(features).all() and np.array_equal(content["key"], key):
            return features
    features = compute_features(backbone.model, pictures, progress=progress)
    with replacing(path) as temporary, temporary.open("wb") as target:
        np.savez(target, key=key, features=features)
    return features


def time_features(backbone: Backbone) -> float:
    """Return the seconds that a backbone takes for a picture here, after the first few."""
    pictures = np.zeros((BATCH, *backbone.model.input_shape[1:]), np.uint8)
    compute_features(backbone.model, pictures)  # which compiles it
    started = time.perf_counter()
    compute_features(backbone.model, pictures)
    return (time.perf_counter() - started) / BATCH
