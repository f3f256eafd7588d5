"""How long a fresh process takes from its start to its first answer, imports included."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from siam.array_types import Pictures, Vectors
from siam.errors import RunError

__all__ = ["cold_start_seconds"]


def cold_start_seconds(file: Path, picture_shape: tuple[int, int, int]) -> float:
    """Start a process that opens a kept network, answers for one picture, and ends.

    Args:
        file: a `.tflite` or `.keras` file of a comparison.
        picture_shape: height, width and channels of a picture.

    Raises:
        RunError: the process failed.
    """
    sides = [str(side) for side in picture_shape]
    start = time.perf_counter()
    process = subprocess.run(
        [sys.executable, "-m", "siam.engine.comparison.cold_start", str(file), *sides],
        capture_output=True,
        text=True,
    )
    seconds = time.perf_counter() - start
    if process.returncode:
        last = (process.stderr.strip().splitlines() or ["no message"])[-1]
        raise RunError(f"{file} could not be opened in a process of its own: {last}")
    return seconds


def answer_once(file: Path, picture: Pictures) -> Vectors:
    """Open a network and let it answer for one picture."""
    if file.suffix == ".tflite":
        from siam.siamese.encoder import LiteEncoder

        return LiteEncoder(file).encode(picture)
    if file.stem == "siamese":
        from siam.siamese.encoder import KerasEncoder

        return KerasEncoder(file).encode(picture)
    from siam.classifiers.deployed import keras_classifier

    return keras_classifier(file)(picture)


if __name__ == "__main__":
    answer_once(Path(sys.argv[1]), np.zeros((1, *map(int, sys.argv[2:])), np.uint8))
