"""The chain for digits: from any picture of one mark to MNIST's form."""

from __future__ import annotations

from typing import Any

import numpy as np

from siam.datasets.framing import frame
from siam.datasets.sighting import ink_of, look

WORK = 320


def prepare_digit(grey: np.ndarray, size: tuple[int, int], *, invert: bool | None):
    import cv2

    steps = [("original", grey)]
    choices: dict[str, Any] = {}
    scale = min(1.0, WORK / max(grey.shape))
    work = cv2.resize(grey, (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale))), interpolation=cv2.INTER_AREA) if scale < 1 else grey
    s = look(work, invert=invert)
    choices["inverted"] = s.inverted
    steps.append(("even", s.dark))
    steps.append(("lines", s.lines))
    if not s.marks:
        return np.zeros(size, np.uint8), steps, choices, ["nothing but noise"]
    ink, at = ink_of(s, s.marks[0])
    steps.append(("mark", ink))
    out = frame(ink > 0, size)
    steps.append(("input", out))
    return out, steps, choices, []
