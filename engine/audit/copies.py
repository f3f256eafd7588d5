"""Findings about pictures that are there more than once: doubles, leaks, one with two labels."""

from __future__ import annotations

from siam.array_types import Floats
from siam.engine.audit.findings import LEAVE_OUT, Finding
from siam.engine.audit.near_duplicates import find_near_copies, group_copies
from siam.engine.audit.pictures import AuditedPictures
from siam.progress import Progress, silent

__all__ = ["find_copies"]

# A copy goes from the later split, where it would test nothing.
ORDER = {"train": 0, "validation": 1, "test": 2}


def find_copies(
    pictures: AuditedPictures, log_odds: Floats, *, progress: Progress = silent
) -> list[Finding]:
    """Return what is there more than once, a finding for each copy but the one to keep.

    Kept is the one of the earliest split, of these the one whose label is the likeliest, and of
    these the largest.

    Args:
        pictures: what is audited.
        log_odds: float64 (n,), of another label against the given one, larger = likelier wrong.
        progress: told of pairs compared.
    """
    likeness: dict[tuple[int, int], float] = {}
    by_hash: dict[str, int] = {}
    for row, content in enumerate(pictures.hashes):
        first = by_hash.setdefault(content, row)
        if first != row:
            likeness[first, row] = 0.0
    near = find_near_copies(pictures.frames, progress=progress)
    for left, right, likely in zip(near.left, near.right, near.likeness, strict=True):
        likeness.setdefault((int(left), int(right)), float(likely))
    pairs = list(likeness)
    findings = []
    for group in group_copies([left for left, _ in pairs], [right for _, right in pairs]):
        size = pictures.traits[:, 0]
        keep = min(
            group,
            key=lambda row: (ORDER[pictures.splits[row]], log_odds[row], -size[row], row),
        )
        for row in group:
            if row != keep:
                pair = (min(row, keep), max(row, keep))
                findings.append(describe(pictures, row, keep, likeness.get(pair)))
    order = ("two labels", "leak", "duplicate", "near duplicate")
    return sorted(findings, key=lambda one: order.index(one.problem))


def describe(pictures: AuditedPictures, row: int, keep: int, likeness: float | None) -> Finding:
    """Return the finding of one copy."""
    same_content = pictures.hashes[row] == pictures.hashes[keep]
    kept = pictures.paths[keep]
    label, other = (pictures.classes[pictures.labels[one]] for one in (row, keep))
    if same_content:
        how = f"the content of {kept}"
    elif likeness is None:
        how = f"a copy of a copy of {kept}"
    else:
        how = f"a copy of {kept}: they differ by {likeness:.1%} of what neighbours do"
    if label != other:
        problem, how = "two labels", f"{how}; that is labelled {other}"
    elif pictures.splits[row] != pictures.splits[keep]:
        problem = "leak"
        how = f"{how}; that is in {pictures.splits[keep]}, this in {pictures.splits[row]}"
    else:
        problem = "duplicate" if same_content else "near duplicate"
    return Finding(pictures.paths[row], label, problem, how, LEAVE_OUT, beside=(kept,))
