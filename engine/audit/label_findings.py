"""Findings about labels: those that are likely wrong, and classes that are taken for each other."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from siam.array_types import Floats
from siam.engine.audit.embeddings import Spaces
from siam.engine.audit.findings import DOUBTFUL, LOOK, Finding, label_as
from siam.engine.audit.label_calibration import LabelProbabilities
from siam.engine.audit.label_quality import LabelQuality
from siam.engine.audit.pictures import AuditedPictures
from siam.unit_vectors import exact_neighbours

__all__ = ["Overlap", "find_overlaps", "find_wrong_labels"]

# Probability of a wrong label from which another is proposed.
WRONG = 0.5
# Share of the pictures whose labels are ranked, however likely they are right: where people took
# one class for another that looks like it, flipped labels know little of how probable that is.
RANKED = 0.01
NEIGHBOURS = 5
# What makes two classes overlap: share and pictures.
OVERLAP, FEWEST = 0.03, 5


@dataclass(frozen=True)
class Overlap:
    """Two classes whose pictures are taken for each other.

    Attributes:
        classes: their names.
        pictures: how many of them are taken for the other.
        share: of all of both, 0 to 1.
    """

    classes: tuple[str, str]
    pictures: int
    share: float


def find_wrong_labels(
    pictures: AuditedPictures,
    spaces: Spaces,
    quality: LabelQuality,
    calibrated: LabelProbabilities,
) -> list[Finding]:
    """Return the labels that are likely or perhaps wrong, and the next in rank, likeliest first."""
    probability = calibrated.probability
    order = np.lexsort((-quality.log_odds, -probability))
    first = np.arange(len(order)) < RANKED * len(order)
    rows = order[(probability[order] >= DOUBTFUL) | (first & np.isfinite(quality.log_odds[order]))]
    nearest = np.full((len(rows), NEIGHBOURS), -1)
    for space in spaces.spaces:
        mine = np.flatnonzero(space.judged[rows])
        found = exact_neighbours(space.vectors[rows[mine]], space.vectors, NEIGHBOURS + 1)
        for place, positions in zip(mine, found.positions, strict=True):
            beside = positions[positions != rows[place]][:NEIGHBOURS]
            nearest[place, : len(beside)] = beside
    findings = []
    for rank, (row, near) in enumerate(zip(rows, nearest, strict=True), start=1):
        near = near[near >= 0]
        label = pictures.classes[pictures.labels[row]]
        other = pictures.classes[quality.suggested[row]]
        alike = int((pictures.labels[near] == quality.suggested[row]).sum())
        likely = float(probability[row])
        # Below that, a share of the flipped ones says little of what people take for each other.
        doubt = f"number {rank:,} of the {len(order):,} labels by how well another suits it"
        if likely >= DOUBTFUL:
            doubt = f"{likely:.1%} probable that {label} is wrong"
        evidence = f"{doubt}; {alike} of the {len(near)} nearest pictures are {other}"
        proposal = label_as(other) if likely >= WRONG else LOOK
        beside = tuple(pictures.paths[one] for one in near)
        findings.append(
            Finding(pictures.paths[row], label, "wrong label", evidence, proposal, likely, beside)
        )
    return findings


def find_overlaps(pictures: AuditedPictures, scores: Floats) -> list[Overlap]:
    """Return the pairs of classes whose pictures are often taken for each other, most first."""
    taken = np.zeros((len(pictures.classes),) * 2, np.int64)
    np.add.at(taken, (pictures.labels, scores.argmax(axis=1)), 1)
    found = []
    for one, other in itertools.combinations(range(len(taken)), 2):
        mixed = int(taken[one, other] + taken[other, one])
        share = mixed / max(1, int(taken[one].sum() + taken[other].sum()))
        if mixed >= FEWEST and share >= OVERLAP:
            names = (pictures.classes[one], pictures.classes[other])
            found.append(Overlap(names, mixed, share))
    return sorted(found, key=lambda one: -one.share)
