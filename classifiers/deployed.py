"""A trained classifier made ready to answer: kept as `.keras`, and as LiteRT where that is equal.

The LiteRT form answers without TensorFlow, in milliseconds from a cold start. It is written under
the TensorFlow backend alone; a classifier trained on another answers through Keras.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from siam.array_types import Pictures, Vectors
from siam.errors import RunError
from siam.training.keras_file import load_model
from siam.training.litert import LARGEST_DIFFERENCE, LiteModel
from siam.training.native_logs import quiet_native_logs

if TYPE_CHECKING:
    import keras

__all__ = ["Classify", "open_classifier", "save_classifier"]

# uint8 (n, height, width, channels) -> float32 (n, num_classes), rows summing to 1.
Classify = Callable[[Pictures], Vectors]


def save_classifier(classifier: keras.Model, folder: Path, probe: Pictures) -> list[Path]:
    """Keep a classifier in a folder under its own name.

    Args:
        classifier: a trained one of `siam.classifiers.styles.STYLES`, in float32.
        folder: where `<name>.keras` and, where it answers alike, `<name>.tflite` go.
        probe: uint8 (n, height, width, channels), n >= 1, pictures to compare the two forms on.

    Returns:
        The files written.
    """
    import keras

    from siam.classifiers.residual import label_alone
    from siam.training.device import compile_steps

    saved = folder / f"{classifier.name}.keras"
    classifier.save(saved)
    if keras.backend.backend() != "tensorflow":
        return [saved]
    named = label_alone(classifier)
    named.compile(jit_compile=compile_steps())
    expected = named.predict(probe, batch_size=256, verbose=0)
    exported = folder / f"{classifier.name}.tflite"
    with quiet_native_logs():
        named.export(str(exported), format="litert", verbose=False)
    difference = np.abs(LiteModel(exported).answer(probe) - expected).max()
    # Written so that NaN counts as different.
    if not difference <= LARGEST_DIFFERENCE:
        exported.unlink()
        return [saved]
    return [saved, exported]


def open_classifier(folder: Path, name: str) -> Classify:
    """Open a classifier that `save_classifier` kept.

    Args:
        folder: where it is kept.
        name: its style.

    Raises:
        RunError: it is not there, or cannot be loaded.
    """
    exported = folder / f"{name}.tflite"
    if exported.exists():
        return LiteModel(exported).answer
    return keras_classifier(folder / f"{name}.keras")


def keras_classifier(path: Path) -> Classify:
    """Open a `.keras` file, in safe mode: the slow way, for one that has no LiteRT form."""
    if not path.exists():
        raise RunError(f"{path} is missing.", "Compare again:  siam compare")
    # Registers the class that a subclassed classifier is loaded as.
    from siam.classifiers import subclassed  # noqa: F401
    from siam.classifiers.features import answer_function

    try:
        classifier = load_model(path)
    except (FileNotFoundError, ValueError) as error:
        raise RunError(
            f"{path}: not a classifier that can be loaded ({error}).",
            "Compare again:  siam compare",
        ) from error
    answer = answer_function(classifier)
    return lambda pictures: answer(pictures)[0]
