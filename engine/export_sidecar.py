"""What goes with an exported model: how to feed it, and what its answers mean."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from siam import __version__
from siam.atomic import sha256
from siam.run_files import CALIBRATION_FILE
from siam.runs.config import RunConfig

if TYPE_CHECKING:
    from siam.siamese.export import Parity

__all__ = ["describe", "files_of"]

SCHEMA = 1


def describe(
    run: Path,
    config: RunConfig,
    shape: tuple[int, int, int],
    model: Path,
    form: str,
    parity: Parity,
    recall: tuple[float, float] | None,
) -> dict[str, Any]:
    """Return what the sidecar says.

    Args:
        run: the run's folder.
        config: its configuration.
        shape: (height, width, channels) that the model takes.
        model: the exported file or folder.
        form: its format.
        parity: how far it is from Keras.
        recall: Recall@1 in float32 and in int8, or None where it is float32.
    """
    quantisation = {}
    if recall:
        quantisation = {
            "quantisation": {
                "weights": "int8",
                "activations": "int8, dynamic range",
                "recall@1_float32": recall[0],
                "recall@1_int8": recall[1],
            }
        }
    return {
        "schema": SCHEMA,
        "siam": __version__,
        "run": run.name,
        "format": form,
        "file": model.name,
        "sha256": {f.relative_to(model.parent).as_posix(): sha256(f) for f in files_of(model)},
        "input": {
            "shape": [None, *shape],
            "dtype": "float32",
            "range": [0, 255],
        },
        "output": {
            "dim": config.recipe.dim,
            "length": 1,
            "distance": "Euclidean, 0 to 2, smaller = closer",
        },
        "classes": list(config.classes),
        "preparation": config.preparation.to_dict(),
        "calibration": json.loads((run / CALIBRATION_FILE).read_bytes()),
        "parity": dataclasses.asdict(parity),
        **quantisation,
    }


def files_of(model: Path) -> list[Path]:
    """Return the files of a model, which is one or a folder of them."""
    if model.is_file():
        return [model]
    return sorted(file for file in model.rglob("*") if file.is_file())
