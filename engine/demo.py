"""Pictures to show what siam does with: digits that a run never saw, and a scribble."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from siam.array_types import Pictures
from siam.runs.held_out import load_held_out
from siam.runs.runs_folder import find_run
from siam.training.outlier_exposure import pen_strokes

__all__ = ["write_pictures"]

ENLARGED = 8
PAPER, INK = 235, 40


def write_pictures(run: str, folder: Path) -> tuple[Path, Path, Path, Path]:
    """Write a test digit, another of its class, one of another class, and a scribble, as PNG files.

    Args:
        run: name or path of a run on digits.
        folder: where they go; it is made.

    Returns:
        Their paths, in this order.

    Raises:
        RunError: no such run, or its held-out pictures are missing or damaged.
    """
    import cv2

    _, test = load_held_out(find_run(run))
    alike = test.labels == test.labels[0]
    first, same = np.flatnonzero(alike)[:2]
    other = np.flatnonzero(~alike)[0]
    height, width = test.pictures.shape[1:3]
    scribble = pen_strokes(1, (height, width), np.random.default_rng(0))[0]
    digits = test.pictures[[first, same, other], :, :, 0]
    folder.mkdir(parents=True)
    name, another = (int(test.labels[row]) for row in (first, other))
    names = (f"{name}.png", f"another-{name}.png", f"{another}.png", "scribble.png")
    paths = tuple(folder / name for name in names)
    for path, picture in zip(paths, (*digits, scribble), strict=True):
        cv2.imwrite(str(path), on_paper(picture))
    return paths[0], paths[1], paths[2], paths[3]


def on_paper(picture: Pictures) -> Pictures:
    """Return white ink on black, uint8 (height, width), larger, as dark ink on paper."""
    import cv2

    side = tuple(ENLARGED * length for length in picture.shape[::-1])
    large = cv2.resize(picture, side, interpolation=cv2.INTER_CUBIC).astype(np.float32)
    return (PAPER - (PAPER - INK) * large / 255).astype(np.uint8)
