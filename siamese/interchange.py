"""A tower in formats that other programs run: ONNX, TensorFlow's SavedModel, LiteRT in int8.

Each comes with the way to load it again, so that an export is believed only after it answered.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from siam.array_types import Pictures, Vectors
from siam.errors import MissingExtraError
from siam.siamese.encoder import LiteEncoder
from siam.training.native_logs import quiet_native_logs

if TYPE_CHECKING:
    import keras

__all__ = [
    "answer_litert",
    "answer_onnx",
    "answer_saved_model",
    "need_onnx",
    "write_litert",
    "write_litert_int8",
    "write_onnx",
    "write_saved_model",
]

BATCH = 256


def need_onnx() -> None:
    """Say which extra is missing where ONNX cannot be written and read again.

    Raises:
        MissingExtraError: onnx, onnxruntime or tf2onnx is not installed.
    """
    if any(importlib.util.find_spec(name) is None for name in ("onnx", "onnxruntime", "tf2onnx")):
        raise MissingExtraError("siam export --format onnx", "onnx")


def write_onnx(tower: keras.Model, path: Path) -> None:
    """Write a tower as ONNX: float32 (n, height, width, channels), 0 to 255, to (n, dim)."""
    import warnings

    need_onnx()
    with silence_converters(), warnings.catch_warnings():
        # Keras mends tf2onnx for NumPy 2, which NumPy comments upon.
        warnings.simplefilter("ignore", FutureWarning)
        tower.export(path, format="onnx", verbose=False)


def answer_onnx(path: Path, pictures: Pictures) -> Vectors:
    """Load an ONNX file with onnxruntime and embed pictures: uint8 (n, ...) to float32 (n, dim)."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    entry = session.get_inputs()[0].name
    return np.concatenate(
        [session.run(None, {entry: batch})[0] for batch in float_batches(pictures)]
    )


def write_saved_model(tower: keras.Model, folder: Path) -> None:
    """Write a tower as TensorFlow's SavedModel with the endpoint `serve`."""
    with silence_converters():
        tower.export(folder, format="tf_saved_model", verbose=False)


def answer_saved_model(folder: Path, pictures: Pictures) -> Vectors:
    """Load a SavedModel and embed pictures: uint8 (n, ...) to float32 (n, dim)."""
    import tensorflow

    with silence_converters():
        loaded = tensorflow.saved_model.load(str(folder))
    return np.concatenate([np.asarray(loaded.serve(batch)) for batch in float_batches(pictures)])


def write_litert(tower: keras.Model, path: Path) -> None:
    """Write a tower as LiteRT in float32; Keras must run on TensorFlow."""
    with quiet_native_logs():
        tower.export(str(path), format="litert", verbose=False)


def write_litert_int8(tower: keras.Model, path: Path) -> None:
    """Write a tower as LiteRT with int8 weights, a quarter of the size.

    Activations are brought to int8 as they come and back ("dynamic range"), so that embeddings
    keep unit length. With fixed ranges learned from sample pictures the lengths came out between
    0.98 and 1.03, which no index takes, and the coordinates were off five times as far.
    """
    import tensorflow

    with tempfile.TemporaryDirectory(dir=path.parent) as folder, silence_converters():
        tower.export(folder, format="tf_saved_model", verbose=False)
        converter = tensorflow.lite.TFLiteConverter.from_saved_model(folder)
        converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
        path.write_bytes(converter.convert())


def answer_litert(path: Path, pictures: Pictures) -> Vectors:
    """Load a LiteRT file and embed pictures: uint8 (n, ...) to float32 (n, dim)."""
    return LiteEncoder(path).encode(pictures)


def float_batches(pictures: Pictures) -> Iterator[Vectors]:
    """Yield pictures as the float32 that the exported towers take."""
    for start in range(0, len(pictures), BATCH):
        yield pictures[start : start + BATCH].astype(np.float32)


@contextlib.contextmanager
def silence_converters() -> Iterator[None]:
    """Keep converters' reports off the screen, those on standard output as well."""
    with quiet_native_logs(), contextlib.redirect_stdout(io.StringIO()):
        yield
