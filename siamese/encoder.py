"""The encoder: a trained tower made ready to answer, without TensorFlow or Keras.

The tower was exported to LiteRT when it was trained. Opening it takes milliseconds; one
interpreter per thread keeps every core busy. Where the export had failed its check, the run says
so and `KerasEncoder` answers instead, slowly.
"""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import numpy as np

from siam.atomic import sha256
from siam.errors import DataError, MissingExtraError, RunError
from siam.parallel import cores
from siam.siamese.native_logs import quiet_native_logs

__all__ = ["ENCODER_FILE", "NETWORK_FILE", "Encoder", "KerasEncoder", "LiteEncoder", "open_encoder"]

ENCODER_FILE = "encoder.tflite"
NETWORK_FILE = "model.keras"
# Big enough that a call's overhead vanishes, small enough that activations stay in the cache.
BATCH = 32


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

    def encode(self, pictures: np.ndarray) -> np.ndarray:
        """Embed pictures: uint8 (n, height, width[, channels]) to float32 (n, dim), unit rows."""
        ...


class LiteEncoder:
    """A tower in LiteRT form. Safe to call from several threads at once.

    Args:
        path: the `.tflite` file.
        threads: how many interpreters may work at a time; every core when left out.

    Raises:
        RunError: the file is missing or no LiteRT model.
    """

    notice = ""

    def __init__(self, path: Path, *, threads: int | None = None) -> None:
        self._content = read_model(path)
        self._threads = threads or cores()
        self._idle: list[_Interpreter] = []
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self.hash = sha256(path)
        first = self._take()
        self.picture_shape: tuple[int, int, int] = first.picture_shape
        self.dim: int = first.dim
        self._give(first)

    def encode(self, pictures: np.ndarray) -> np.ndarray:
        """Embed pictures: uint8 (n, height, width[, channels]) to float32 (n, dim), unit rows.

        Raises:
            DataError: the pictures' shape is not the encoder's.
        """
        pictures = as_batch(pictures, self.picture_shape)
        embeddings = np.empty((len(pictures), self.dim), np.float32)
        slices = [slice(start, start + BATCH) for start in range(0, len(pictures), BATCH)]
        lanes = min(self._threads, len(slices))
        if lanes <= 1:
            self._encode_slices(slices, pictures, embeddings)
        else:
            # All lanes draw from one iterator, so that none waits for another on a busy core.
            left = iter(slices)
            pool = self._threads_pool()
            done = [
                pool.submit(self._encode_slices, left, pictures, embeddings) for _ in range(lanes)
            ]
            for lane in done:
                lane.result()
        return embeddings

    def _encode_slices(
        self, slices: Iterable[slice], pictures: np.ndarray, embeddings: np.ndarray
    ) -> None:
        interpreter = self._take()
        try:
            for part in slices:
                embeddings[part] = interpreter.embed(pictures[part])
        finally:
            self._give(interpreter)

    def _take(self) -> _Interpreter:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return _Interpreter(self._content)

    def _give(self, interpreter: _Interpreter) -> None:
        with self._lock:
            self._idle.append(interpreter)

    def _threads_pool(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="encoder")
            return self._pool


class _Interpreter:
    """One LiteRT interpreter; used by one thread at a time."""

    def __init__(self, content: bytes) -> None:
        from ai_edge_litert.interpreter import Interpreter

        try:
            with quiet_native_logs():
                self._lite = Interpreter(model_content=content, num_threads=1)
                self._lite.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise RunError(
                f"The encoder file is no LiteRT model ({error}).",
                "Train the run again, or copy it back from where it was whole.",
            ) from error
        entry = self._lite.get_input_details()[0]
        self._input: int = entry["index"]
        self._output: int = self._lite.get_output_details()[0]["index"]
        self._batch = int(entry["shape"][0])
        height, width, channels = (int(side) for side in entry["shape"][1:])
        self.picture_shape = (height, width, channels)
        self.dim = int(self._lite.get_output_details()[0]["shape"][-1])

    def embed(self, pictures: np.ndarray) -> np.ndarray:
        """Embed up to BATCH pictures at once."""
        if len(pictures) != self._batch:
            # 0.06 ms for the odd batch at the end; filling it up would cost more.
            self._batch = len(pictures)
            self._lite.resize_tensor_input(self._input, [self._batch, *self.picture_shape])
            self._lite.allocate_tensors()
        self._lite.set_tensor(self._input, pictures.astype(np.float32))
        self._lite.invoke()
        embeddings: np.ndarray = self._lite.get_tensor(self._output)
        return embeddings


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
        f"This run has no {ENCODER_FILE}, because that did not answer as its network does: "
        "Keras answers instead, and takes seconds to start."
    )

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise missing_file(path)
        if importlib.util.find_spec("keras") is None:
            raise MissingExtraError(f"A run without {ENCODER_FILE}", "train")
        from siam.siamese.network import load_network, tower_of

        with quiet_native_logs():
            self._tower = tower_of(load_network(path))
        # Keras' `predict` keeps its state in the model.
        self._lock = threading.Lock()
        self.hash = sha256(path)
        height, width, channels = self._tower.input_shape[1:]
        self.picture_shape: tuple[int, int, int] = (height, width, channels)
        self.dim: int = self._tower.output_shape[-1]

    def encode(self, pictures: np.ndarray) -> np.ndarray:
        """Embed pictures: uint8 (n, height, width[, channels]) to float32 (n, dim), unit rows."""
        pictures = as_batch(pictures, self.picture_shape)
        if not len(pictures):
            return np.empty((0, self.dim), np.float32)
        with self._lock:
            embeddings = self._tower.predict(
                pictures.astype(np.float32), batch_size=min(256, len(pictures)), verbose=0
            )
        return np.asarray(embeddings, np.float32)


def open_encoder(run: Path, *, threads: int | None = None) -> Encoder:
    """Open a run's encoder: the exported one, or Keras where the run keeps no exported one.

    Args:
        run: a run's folder.
        threads: how many cores to use; all of them when left out.

    Raises:
        RunError: the run holds neither form.
        MissingExtraError: it takes Keras, which is not installed.
    """
    exported = run / ENCODER_FILE
    if exported.exists():
        return LiteEncoder(exported, threads=threads)
    return KerasEncoder(run / NETWORK_FILE)


def as_batch(pictures: np.ndarray, picture_shape: tuple[int, int, int]) -> np.ndarray:
    """Return pictures as (n, height, width, channels), or say why they are not that.

    Raises:
        DataError: another dtype or shape than the encoder takes.
    """
    pictures = np.asarray(pictures)
    if pictures.ndim == 3 and picture_shape[2] == 1:
        pictures = pictures[..., np.newaxis]
    if pictures.dtype != np.uint8 or pictures.shape[1:] != picture_shape:
        raise DataError(
            f"The encoder takes uint8 pictures of shape (n, {', '.join(map(str, picture_shape))}), "
            f"received {pictures.dtype} of shape {pictures.shape}.",
            "Prepare the pictures first, or use a run that was trained on pictures like these.",
        )
    return pictures


def read_model(path: Path) -> bytes:
    """Read an encoder file whole."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise missing_file(path) from error


def missing_file(path: Path) -> RunError:
    """Say that a run lacks its network."""
    return RunError(
        f"{path} is missing, so this run cannot embed pictures.",
        "Train the run again, or copy it back from where it was whole.",
    )
