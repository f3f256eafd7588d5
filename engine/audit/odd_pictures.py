"""Findings about pictures that are like no class, or unlike their own."""

from __future__ import annotations

import numpy as np

from siam.array_types import Floats
from siam.engine.audit.findings import LOOK, Finding
from siam.engine.audit.pictures import AuditedPictures
from siam.engine.audit.traits import unlike_class

__all__ = ["find_outliers", "find_unlike"]

# Robust deviations of the logarithm of the distance to the nearest class.
FAR, NORMAL = 6.0, 1.4826


def find_outliers(pictures: AuditedPictures, scores: Floats) -> list[Finding]:
    """Return the pictures that lie far from every class, the farthest first."""
    best = scores.max(axis=1)
    far = np.log(np.maximum(-2 * best, 1e-9))
    median = np.median(far)
    deviations = (far - median) / max(NORMAL * float(np.median(np.abs(far - median))), 1e-3)
    rows = np.argsort(-deviations)
    return [
        Finding(
            pictures.paths[row],
            pictures.classes[pictures.labels[row]],
            "outlier",
            f"lies {np.exp((far[row] - median) / 2):.1f} times as far from the nearest class as "
            "usual",
            LOOK,
        )
        for row in rows[deviations[rows] > FAR]
    ]


def find_unlike(pictures: AuditedPictures) -> list[Finding]:
    """Return the pictures unlike their class in size, shape, light, polarity or colour."""
    return [
        Finding(
            pictures.paths[one.row],
            pictures.classes[pictures.labels[one.row]],
            "unlike its class",
            f"{one.words} than usual in its class"
            if one.words.endswith("er")
            else f"{one.words}, unlike the others of its class",
            LOOK,
        )
        for one in unlike_class(pictures.traits, pictures.labels)
    ]
