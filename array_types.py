"""Names for the arrays that rooms hand to each other, so that signatures say what they hold.

Shapes stand in the docstrings: NumPy's types know the kind of a number, not how many.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Booleans",
    "Floats",
    "Integers",
    "Labels",
    "Maps",
    "PairLabels",
    "Pictures",
    "Reals",
    "Tensor",
    "Vectors",
]

# Pixels, 0 to 255.
Pictures = NDArray[np.uint8]
# What the lower layers of a network make of pictures.
Maps = NDArray[np.float16]
# Embeddings and distances as the network and FAISS give them.
Vectors = NDArray[np.float32]
# Figures computed from them.
Floats = NDArray[np.float64]
# Where float32 and float64 will both do.
Reals = NDArray[np.floating]
# Labels, ids, positions.
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
# Names of classes: str, or None for no label.
Labels = NDArray[np.object_]
# 1 = same class, 0 = different.
PairLabels = NDArray[np.int8]
# A Keras tensor of any backend; backends share no base class, so `Any` says it.
Tensor = Any
