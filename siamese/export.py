"""Export a trained tower to LiteRT, load it again, and compare it with Keras.

An export that finishes without an error may still answer differently, so none is trusted until
a probe batch went through both.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from siam.array_types import Pictures, Vectors
from siam.errors import RunError
from siam.siamese.encoder import LiteEncoder
from siam.training.litert import LARGEST_DIFFERENCE
from siam.training.native_logs import quiet_native_logs
from siam.unit_vectors import exact_neighbours

if TYPE_CHECKING:
    import keras

__all__ = ["Parity", "compare_embeddings", "export_litert", "export_network_file"]

LEAST_AGREEMENT = 0.99


@dataclass(frozen=True)
class Parity:
    """How far an exported encoder is from Keras on a probe batch.

    Attributes:
        max_difference: largest absolute difference of an embedding's coordinate, 0 = equal.
        neighbour_agreement: share of probe pictures with the same nearest neighbour, 0 to 1.
        pictures: how many pictures the probe held.
    """

    max_difference: float
    neighbour_agreement: float
    pictures: int

    @property
    def holds(self) -> bool:
        """Say whether the exported encoder may answer in Keras' place."""
        return (
            self.max_difference <= LARGEST_DIFFERENCE
            and self.neighbour_agreement >= LEAST_AGREEMENT
        )

    def to_dict(self) -> dict[str, float]:
        """Return the figures for `metrics.json`."""
        return asdict(self)


def compare_embeddings(reference: Vectors, other: Vectors) -> Parity:
    """Compare two embeddings of the same pictures.

    Args:
        reference: float32 (n, dim), unit rows.
        other: float32 (n, dim), unit rows.

    Example:
        >>> same = np.eye(3, dtype=np.float32)
        >>> compare_embeddings(same, same).max_difference
        0.0
    """
    if not np.isfinite(other).all():
        return Parity(float("inf"), 0.0, len(reference))
    expected, received = (
        exact_neighbours(rows, rows, 1, same_set=True).positions for rows in (reference, other)
    )
    agreement = float(np.mean(expected == received)) if len(reference) > 1 else 1.0
    return Parity(float(np.abs(reference - other).max(initial=0.0)), agreement, len(reference))


def export_litert(tower: keras.Model, path: Path, probe: Pictures) -> Parity:
    """Export a tower to a LiteRT file with a free batch size, and check it.

    The file is left in place only where the check holds.

    Args:
        tower: picture to unit embedding, float32.
        path: the `.tflite` file to write.
        probe: uint8 (n, height, width, channels), some hundred pictures to compare on.

    Returns:
        How far the file's answers are from Keras'.

    Raises:
        RunError: the file that was written cannot be loaded.
    """
    import keras

    reference = tower.predict(probe.astype(np.float32), batch_size=256, verbose=0)
    with quiet_native_logs():
        if keras.backend.backend() == "tensorflow":
            tower.export(str(path), format="litert", verbose=False)
        else:
            export_elsewhere(tower, path)
    parity = compare_embeddings(np.asarray(reference), LiteEncoder(path).encode(probe))
    if not parity.holds:
        path.unlink()
    return parity


def export_elsewhere(tower: keras.Model, path: Path) -> None:
    """Export in a process of its own: LiteRT is written by TensorFlow, whatever trained here."""
    saved = path.with_suffix(".tower.keras")
    tower.save(saved)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "siam.siamese.export", str(saved), str(path)],
            env={**os.environ, "KERAS_BACKEND": "tensorflow"},
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    finally:
        saved.unlink(missing_ok=True)
    if done.returncode:
        raise RunError(
            "The tower could not be exported to LiteRT, which needs TensorFlow: "
            + (done.stderr.strip().splitlines() or ["no message"])[-1],
            "Install it:  pip install 'siam[train]'",
        )


def export_network_file(saved: Path, path: Path) -> None:
    """Export a tower saved as `.keras` to LiteRT; the body of the process of its own."""
    import keras

    tower = keras.saving.load_model(saved, compile=False, safe_mode=True)
    tower.export(str(path), format="litert", verbose=False)


if __name__ == "__main__":
    export_network_file(Path(sys.argv[1]), Path(sys.argv[2]))
