"""The script that goes with an exported model: it runs the model without siam."""

from __future__ import annotations

__all__ = ["example_script"]

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


def example_script(form: str) -> str:
    """Return the script for "litert", "onnx" or "saved-model".

    It compares two pictures that look like the data set's own already; the finding and framing of
    a digit on a photo is siam's.
    """
    imports, run = PARTS[form]
    return SCRIPT.format(imports=imports, run=run)
