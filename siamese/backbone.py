"""Backbones: networks that learned on ImageNet what photos have in common, and are frozen here.

A backbone is a Keras graph from a picture, (side, side, 3) of 0 to 255, to features (n,). It says
by its shapes how large pictures have to be, and scales them inside.
"""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import keras

from siam.atomic import sha256
from siam.errors import DataError
from siam.training.keras_file import load_model

__all__ = ["Backbone", "backbone_at_hand", "load_backbone"]

# EfficientNetV2-B0 (M. Tan, Q. V. Le, "EfficientNetV2", ICML 2021; Apache License 2.0): 24 MB.
DOWNLOAD, SIDE = "efficientnetv2-b0", 224
# A picture of a larger side takes more than a second on a CPU.
SIDES = (32, 512)


@dataclass(frozen=True)
class Backbone:
    """A pretrained network, frozen.

    Attributes:
        model: float32 (m, side, side, 3), 0 to 255, to features, float32 (m, n).
        name: its file's, without the suffix.
        hash: SHA-256 of that file.
    """

    model: keras.Model
    name: str
    hash: str

    @property
    def side(self) -> int:
        """Height and width of its pictures in pixels."""
        return int(self.model.input_shape[1])


def backbone_at_hand(weights: Path | None) -> bool:
    """Say whether a backbone is here without a download: named, or in Keras' cache.

    Args:
        weights: what `--weights` or SIAM_WEIGHTS names.
    """
    return weights is not None or cache_file().exists()


def load_backbone(weights: Path | None = None) -> Backbone:
    """Load a backbone from a file, or Keras' own, which is downloaded once and kept in its cache.

    Args:
        weights: a `.keras` file; EfficientNetV2-B0 with ImageNet weights when left out.

    Raises:
        DataError: the file is no such network, or there is none and no download.
    """
    if weights is None:
        return _download()
    try:
        model = load_model(weights)
        check_shapes(model)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{weights} is no backbone that can be loaded: {first_line(error)}.",
            "Give a .keras file: pictures (side, side, 3) of 0 to 255 to features (n,).",
        ) from error
    return _freeze(model, weights)


def check_shapes(model: keras.Model) -> None:
    """Refuse a network that is not from one square colour picture to one row of features.

    Raises:
        ValueError: it takes or gives something else.
    """
    taken, given = model.input_shape, model.output_shape
    picture = isinstance(taken, tuple) and len(taken) == 4 and taken[3] == 3
    if not picture or taken[1] != taken[2] or not SIDES[0] <= (taken[1] or 0) <= SIDES[1]:
        raise ValueError(f"it takes {taken}, not (side, side, 3) with a side of 32 to 512")
    if not isinstance(given, tuple) or len(given) != 2 or given[1] is None:
        raise ValueError(f"it gives {given}, not features (n,)")


def cache_file() -> Path:
    """Return where Keras keeps the weights that it downloads."""
    home = os.environ.get("KERAS_HOME") or "~/.keras"
    return Path(home).expanduser() / "models" / f"{DOWNLOAD}_notop.h5"


def _download() -> Backbone:
    try:
        # Keras shows its progress on stdout, which is for answers.
        with contextlib.redirect_stdout(sys.stderr):
            model = keras.applications.EfficientNetV2B0(
                include_top=False, pooling="avg", input_shape=(SIDE, SIDE, 3), weights="imagenet"
            )
    except Exception as error:  # that is what Keras raises where there is no network
        raise DataError(
            f"The weights of {DOWNLOAD} could not be downloaded ({first_line(error)}).",
            "Name a backbone's .keras file by --weights or SIAM_WEIGHTS, or take --tower small.",
        ) from error
    return _freeze(model, cache_file())


def _freeze(model: keras.Model, file: Path) -> Backbone:
    model.trainable = False
    return Backbone(model, file.stem.removesuffix("_notop"), sha256(file))


def first_line(error: Exception) -> str:
    """Return what an error says, without Keras' further lines."""
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
