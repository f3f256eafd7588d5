"""A folder of photos that a backbone which learned nothing tells apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

COLOURS = {"blue": (30, 30, 220), "green": (30, 200, 40), "red": (220, 40, 30)}


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Sixty photos: noise around one of three colours, which the fake backbone tells apart."""
    rng = np.random.default_rng(0)
    for name, colour in COLOURS.items():
        (tmp_path / "photos" / name).mkdir(parents=True)
        for place in range(20):
            noisy = rng.normal(colour, 60, (32, 32, 3)).clip(0, 255).astype(np.uint8)
            Image.fromarray(noisy).save(tmp_path / "photos" / name / f"{place}.png")
    return tmp_path / "photos"
