"""The chain for digits: from any picture of one mark to MNIST's form."""

from __future__ import annotations

from typing import Any

import numpy as np

from siam.datasets.components import find_groups
from siam.datasets.framing import frame
from siam.datasets.ink import FAINTEST, noise_level, separate_ink
from siam.datasets.light import darkness
from siam.datasets.lines import ruled_lines
from siam.datasets.polarity import ground_is_light, plausibility

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
        level, spread = noise_level(d)
        ignore = ruled_lines(d, level + max(4.5 * spread, FAINTEST))
        for _ in range(3):
            m = separate_ink(d, ignore=ignore)
            marks, regions, dropped, edge = find_groups(m, d)
            if not edge.any():
                break
            ignore |= cv2.dilate(edge.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
        hyps.append((_score(marks, regions, d, work, inv), inv, d, m, marks, regions, dropped))
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

def _score(marks, regions, dark, work, inv):
    light = ground_is_light(work)
    prior = light if inv else 1 - light
    best = 0.0
    for m in marks[:3]:
        q = plausibility(np.isin(regions, m.pieces), dark, m.box) * (0.3 + 0.7*prior)
        q *= max(0.0, 1 - m.border / sum(work.shape))**2
        if q > best:
            best, main = q, m
    if best > 0:
        marks.remove(main); marks.insert(0, main)
    return best
