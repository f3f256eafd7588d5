"""A run to index into, and a folder of pictures to index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from siam.engine.index.sync import open_to_index
from siam.engine.open_run import OpenRun


@pytest.fixture
def run(run_copy: Path) -> Iterator[OpenRun]:
    with open_to_index(str(run_copy)) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path, draw: Callable[[Path, int], None]) -> Path:
    """Twelve pictures in three sub-folders, each its own."""
    root = tmp_path / "pictures"
    for number in range(12):
        draw(root / "abc"[number % 3] / f"{number:02}.png", number)
    return root


@pytest.fixture(scope="session")
def draw() -> Callable[[Path, int], None]:
    """Write a picture of random dark strokes on white."""

    def write(path: Path, seed: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        generator = np.random.default_rng(seed)
        canvas = np.full((40, 40), 255, np.uint8)
        for left, top in generator.integers(5, 28, (4, 2)):
            canvas[top : top + 7, left : left + 4] = 0
        Image.fromarray(canvas).save(path)

    return write


@pytest.fixture(scope="session")
def counts() -> Callable[[object], tuple[int, ...]]:
    """Return how many were added, changed, removed and left as they were."""

    def of(done: object) -> tuple[int, ...]:
        return tuple(getattr(done, name) for name in ("added", "changed", "removed", "unchanged"))

    return of
