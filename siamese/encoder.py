"""The encoder: a trained tower made ready to answer, without TensorFlow or Keras.

The tower was exported to LiteRT when it was trained. Where the export had failed its check, the
run says so and `KerasEncoder` answers instead, slowly.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import threading
from pathlib import Path
from typing import Protocol

import numpy as np

from siam.array_types import Pictures, Vectors
from siam.atomic import sha256
from siam.errors import MissingExtraError
from siam.run_files import ENCODER_FILE, NETWORK_FILE
from siam.training.litert import LiteModel, as_batch, missing_network
from siam.training.native_logs import quiet_native_logs

__all__ = ["Encoder", "KerasEncoder", "LiteEncoder", "open_encoder"]

# Pictures that Keras answers at once.
BATCH = 256


class Encoder(Protocol):
    """What turns pictures into embeddings.

    Attributes:
        hash: SHA-256 of the file behind it; an index filled by it carries this.
        dim: length of an embedding.
        picture_shape: (height, width, channels) it takes.
        notice: what people should be told about it, in a sentence; empty where all is well.
    """

    hash: str
    dim: int
    picture_shape: tuple[int, int, int]
    notice: str

    def encode(self, pictures: Pictures) -> Vectors:
        """Embed pictures: uint8 (n, height, width[, channels]) to float32 (n, dim), unit rows."""
        ...


class LiteEncoder(LiteModel):
    """A tower in LiteRT form. Safe to call from several threads at once.

    Args:
        path: the `.tflite` file.
        threads: how many interpreters may work at a time; every core when left out.

    Raises:
        RunError: the file is missing or no LiteRT model.
    """

    notice = ""

    def __init__(self, path: Path, *, threads: int | None = None) -> None:
        super().__init__(path, threads=threads)
        self.hash = sha256(path)

    def encode(self, pictures: Pictures) -> Vectors:
        """Embed pictures: uint8 (n, height, width[, channels]) to float32 (n, dim), unit rows.

        Raises:
            DataError: the pictures' shape is not the encoder's.
        """
        return self.answer(pictures)


class KerasEncoder:
    """A tower answered by Keras itself: the slow way, for a run whose export failed its check.

    Threads that call it at once wait for each other.

    Args:
        path: the Siamese network's `.keras` file.

    Raises:
        RunError: the file is missing.
        MissingExtraError: Keras is not installed.
    """

    notice = (
        f"This run has no {ENCODER_FILE}, because TensorFlow was missing when it was trained or "
        "that file did not answer as its network does: Keras answers, and takes seconds to start."
    )

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise missing_network(path)
        if importlib.util.find_spec("keras") is None:
            raise MissingExtraError(f"A run without {ENCODER_FILE}", "train")
        if "keras" not in sys.modules:
            from siam.training.device import default_backend

            os.environ["KERAS_BACKEND"] = default_backend()
        from siam.siamese.network import load_network, tower_of

        with quiet_native_logs():
            self._tower = tower_of(load_network(path))
        # Keras' `predict` keeps its state in the model.
        self._lock = threading.Lock()
        self.hash = sha256(path)
        height, width, channels = self._tower.input_shape[1:]
        self.picture_shape: tuple[int, int, int] = (height, width, channels)
        self.dim: int = self._tower.output_shape[-1]

    def encode(self, pictures: Pictures) -> Vectors:
        """Embed pictures: uint8 (n, height, width[, channels]) to float32 (n, dim), unit rows."""
        pictures = as_batch(pictures, self.picture_shape)
        count = len(pictures)
        if not count:
            return np.empty((0, self.dim), np.float32)
        # JAX compiles for each number of pictures anew: to a few of them all are filled up.
        batch = min(BATCH, 1 << (count - 1).bit_length())
        filled = np.zeros((-(-count // batch) * batch, *self.picture_shape), np.float32)
        filled[:count] = pictures
        with self._lock:
            embeddings = self._tower.predict(filled, batch_size=batch, verbose=0)
        return np.asarray(embeddings[:count], np.float32)


def open_encoder(run: Path) -> Encoder:
    """Open a run's encoder: the exported one, or Keras where the run keeps no exported one.

    Args:
        run: a run's folder.

    Raises:
        RunError: the run holds neither form.
        MissingExtraError: it takes Keras, which is not installed.
    """
    exported = run / ENCODER_FILE
    if exported.exists():
        return LiteEncoder(exported)
    return KerasEncoder(run / NETWORK_FILE)
