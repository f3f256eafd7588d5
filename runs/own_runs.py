"""Which runs were trained here: their figures need not be measured again to be believed.

A run from elsewhere may say anything of itself, and its manifest vouches for it all the same. So
the manifests of the runs that this user trained on this machine are remembered, by their hash.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec

from siam.atomic import sha256
from siam.run_files import MANIFEST_FILE, METRICS_FILE
from siam.untrusted import read_json

__all__ = ["own_verdict", "remember_own", "was_trained_here"]

MOST_BYTES = 1 << 26  # of metrics.json, which has a few lines for each class


def remember_own(run: Path) -> None:
    """Remember a run that was just trained; where the user cache takes nothing, it is measured."""
    with contextlib.suppress(OSError):
        mark = mark_of(run)
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()


def was_trained_here(run: Path) -> bool:
    """Tell whether a run is, file by file, one that was trained here."""
    return mark_of(run).exists()


class Metrics(msgspec.Struct):
    """What is asked of `metrics.json`."""

    use: str = ""


def own_verdict(run: Path) -> str:
    """Return what training found a run good enough for.

    "" where it was trained elsewhere, or by a siam that did not judge.
    """
    if not was_trained_here(run):
        return ""
    with contextlib.suppress(OSError, ValueError):
        return read_json(run / METRICS_FILE, Metrics, most=MOST_BYTES).use
    return ""


def mark_of(run: Path) -> Path:
    """Return the empty file in the user cache that stands for a run."""
    from platformdirs import user_cache_path

    return user_cache_path("siam") / "trained" / sha256(run / MANIFEST_FILE)
