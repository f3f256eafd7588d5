"""What goes with an exported model: how to feed it, what its answers mean, and an example."""

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

__all__ = ["describe", "example_script", "files_of"]

SCHEMA = 1
SCRIPT = '''"""Are two pictures of the same kind? Without siam:  python example.py A.png B.png"""
import json, sys
from pathlib import Path
import numpy as np
from PIL import Image
{imports}
here = Path(__file__).parent
about = json.loads((here / "encoder.json").read_bytes())
height, width, channels = about["input"]["shape"][1:]
opened = [Image.open(name).convert("L" if channels == 1 else "RGB") for name in sys.argv[1:3]]
pixels = [np.float32(picture.resize((width, height))) for picture in opened]
batch = np.reshape(pixels, (2, height, width, channels))
{run}
distance = np.linalg.norm(left - right)
print(f"{{distance:.3f}}", "same" if distance <= about["calibration"]["threshold"] else "different")
'''
LITERT = """model = Interpreter(str(here / about["file"])).get_signature_runner()
left, right = next(iter(model(picture=batch).values()))"""
ONNX = """model = onnxruntime.InferenceSession(str(here / about["file"]))
left, right = model.run(None, {model.get_inputs()[0].name: batch})[0]"""
SAVED_MODEL = """model = tensorflow.saved_model.load(str(here / about["file"]))
left, right = model.serve(batch).numpy()"""

PARTS = {
    "litert": ("from ai_edge_litert.interpreter import Interpreter", LITERT),
    "onnx": ("import onnxruntime", ONNX),
    "saved-model": ("import tensorflow", SAVED_MODEL),
}


def describe(
    run: Path,
    config: RunConfig,
    shape: tuple[int, int, int],
    dim: int,
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
        dim: length of an embedding, which a tower of several parts has more of than its recipe.
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
            "dim": dim,
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


def example_script(form: str) -> str:
    """Return the script for "litert", "onnx" or "saved-model".

    It compares two pictures that look like the data set's own already; the finding and framing of
    a digit on a photo is siam's.
    """
    imports, run = PARTS[form]
    return SCRIPT.format(imports=imports, run=run)
