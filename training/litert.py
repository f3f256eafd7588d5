"""A network in LiteRT form: it answers without TensorFlow or Keras, milliseconds after its start.

One interpreter per thread keeps every core busy. The Siamese network's encoder and the baselines
answer through it alike.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from siam.array_types import Pictures, Vectors
from siam.errors import DataError, RunError
from siam.parallel import cores
from siam.training.native_logs import quiet_native_logs
from siam.untrusted import read_bounded

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

__all__ = ["BATCH", "LARGEST_DIFFERENCE", "LiteModel", "as_batch", "missing_network"]

# Big enough that a call's overhead vanishes, small enough that activations stay in the cache.
BATCH = 32
# Float32 sums in another order differ by about 1e-6; a wrong layer differs by far more.
LARGEST_DIFFERENCE = 1e-3
# What a network file may have, and how many numbers it may take or give for a picture.
MOST_BYTES = 1 << 30
MOST_NUMBERS = 4096 * 4096 * 3


class LiteModel:
    """An exported network of one output. Safe to call from several threads at once.

    Args:
        path: the `.tflite` file.
        threads: how many interpreters may work at a time; every core when left out.

    Raises:
        RunError: the file is missing or no LiteRT model.
    """

    def __init__(self, path: Path, *, threads: int | None = None) -> None:
        self._content = read_model(path)
        self._threads = threads or cores()
        self._idle: list[_Interpreter] = []
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        first = self._take()
        self.picture_shape: tuple[int, int, int] = first.picture_shape
        self.dim: int = first.dim
        self._give(first)

    def answer(self, pictures: Pictures) -> Vectors:
        """Answer for pictures: uint8 (n, height, width[, channels]) to float32 (n, dim).

        Raises:
            DataError: the pictures' shape is not the network's.
        """
        pictures = as_batch(pictures, self.picture_shape)
        answers = np.empty((len(pictures), self.dim), np.float32)
        slices = [slice(start, start + BATCH) for start in range(0, len(pictures), BATCH)]
        lanes = min(self._threads, len(slices))
        if lanes <= 1:
            self._answer_slices(slices, pictures, answers)
        else:
            # All lanes draw from one iterator, so that none waits for another on a busy core.
            left = iter(slices)
            pool = self._threads_pool()
            done = [pool.submit(self._answer_slices, left, pictures, answers) for _ in range(lanes)]
            for lane in done:
                lane.result()
        return answers

    def _answer_slices(self, slices: Iterable[slice], pictures: Pictures, answers: Vectors) -> None:
        interpreter = self._take()
        try:
            for part in slices:
                answers[part] = interpreter.answer(pictures[part])
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
                from concurrent.futures import ThreadPoolExecutor

                self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="litert")
            return self._pool


class _Interpreter:
    """One LiteRT interpreter; used by one thread at a time."""

    def __init__(self, content: bytes) -> None:
        from ai_edge_litert.interpreter import Interpreter

        try:
            with quiet_native_logs():
                self._lite = Interpreter(model_content=content, num_threads=1)
                self._lite.allocate_tensors()
            entry, answer = self._lite.get_input_details()[0], self._lite.get_output_details()[0]
            batch, height, width, channels = (int(side) for side in entry["shape"])
            _, dim = (int(side) for side in answer["shape"])
            if not (entry["dtype"] is answer["dtype"] is np.float32):
                raise ValueError("it takes or gives other numbers than float32")
            if not 0 < height * width * channels <= MOST_NUMBERS or not 0 < dim <= MOST_NUMBERS:
                raise ValueError(
                    f"it takes {height} x {width} x {channels} and gives {dim} numbers"
                )
        except (ValueError, RuntimeError, IndexError) as error:
            raise damaged_network(error) from error
        self._input: int = entry["index"]
        self._output: int = answer["index"]
        self._batch = batch
        self.picture_shape = (height, width, channels)
        self.dim = dim

    def answer(self, pictures: Pictures) -> Vectors:
        """Answer for up to BATCH pictures at once."""
        try:
            if len(pictures) != self._batch:
                # 0.06 ms for the odd batch at the end; filling it up would cost more.
                self._batch = len(pictures)
                self._lite.resize_tensor_input(self._input, [self._batch, *self.picture_shape])
                self._lite.allocate_tensors()
            self._lite.set_tensor(self._input, pictures.astype(np.float32))
            self._lite.invoke()
            answers: Vectors = self._lite.get_tensor(self._output)
        except (ValueError, RuntimeError) as error:
            raise damaged_network(error) from error
        if answers.shape != (len(pictures), self.dim):
            raise damaged_network(f"it answers {answers.shape} to {len(pictures)} pictures")
        return answers


def as_batch(pictures: Pictures, picture_shape: tuple[int, int, int]) -> Pictures:
    """Return pictures as (n, height, width, channels), or say why they are not that.

    Raises:
        DataError: another dtype or shape than the network takes.
    """
    pictures = np.asarray(pictures)
    if pictures.ndim == 3 and picture_shape[2] == 1:
        pictures = pictures[..., np.newaxis]
    if pictures.dtype != np.uint8 or pictures.shape[1:] != picture_shape:
        raise DataError(
            f"The network takes uint8 pictures of shape (n, {', '.join(map(str, picture_shape))}), "
            f"received {pictures.dtype} of shape {pictures.shape}.",
            "Prepare the pictures first, or use a run that was trained on pictures like these.",
        )
    return pictures


def read_model(path: Path) -> bytes:
    """Read a network file whole."""
    try:
        return read_bounded(path, MOST_BYTES)
    except FileNotFoundError as error:
        raise missing_network(path) from error
    except ValueError as error:
        raise damaged_network(error) from error


def damaged_network(reason: object) -> RunError:
    """Say that a network file cannot be used."""
    return RunError(
        f"The network file is no LiteRT model of siam's ({' '.join(str(reason).split())}).",
        "Train the run again, or copy it back from where it was whole.",
    )


def missing_network(path: Path) -> RunError:
    """Say that a run lacks its network."""
    return RunError(
        f"{path} is missing, so this run cannot embed pictures.",
        "Train the run again, or copy it back from where it was whole.",
    )
