"""The chain for digits: from any picture of one mark to MNIST's form."""

from __future__ import annotations

from typing import Any

import numpy as np

from siam.datasets.components import find_groups
from siam.datasets.framing import frame
from siam.datasets.ink import separate_ink
from siam.datasets.light import darkness

WORK = 320

def prepare_digit(grey: np.ndarray, size: tuple[int, int], *, invert: bool | None):
    import cv2
    steps=[("original", grey)]
    choices: dict[str, Any] = {}
    scale = min(1.0, WORK / max(grey.shape))
    work = cv2.resize(grey, (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale))), interpolation=cv2.INTER_AREA)
    hyps = []
    for inv in ((True, False) if invert is None else (invert,)):
        d = darkness(work if inv else 255 - work)
        m = separate_ink(d)
        marks, regions, dropped = find_groups(m, d)
        hyps.append((_score(marks, work, inv), inv, d, m, marks, regions, dropped))
    hyps.sort(key=lambda h: -h[0])
    score, inv, d, m, marks, regions, dropped = hyps[0]
    choices["inverted"] = inv
    steps.append(("even", np.clip(d*255,0,255).astype(np.uint8)))
    steps.append(("ink", m.astype(np.uint8)*255))
    if not marks:
        return np.zeros(size,np.uint8), steps, choices, ["nothing but noise"]
    mark = marks[0]
    l,t,r,b = mark.box
    keep = np.isin(regions, mark.pieces)
    cut = keep[t:b,l:r]
    steps.append(("mark", keep.astype(np.uint8)*255))
    out = frame(cut, size)
    steps.append(("input", out))
    return out, steps, choices, []

def _score(marks, work, inv):
    ring = np.concatenate([work[0], work[-1], work[:,0], work[:,-1]])
    mid = (int(work.min())+int(work.max()))/2
    bright = (ring > mid).mean()
    prior = bright if inv else 1-bright
    if not marks: return 0
    m = marks[0]
    return m.ink**0.5 * max(m.box[2]-m.box[0], m.box[3]-m.box[1]) * (0.15+prior)
