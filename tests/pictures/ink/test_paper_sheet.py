"""A sheet is broad and has corners."""

from __future__ import annotations

import numpy as np

from siam.pictures.ink.ink_detection import is_sheet


def test_a_sheet_is_broad_and_has_corners() -> None:
    rows, columns = np.mgrid[-50:50, -50:50]
    assert is_sheet(((abs(rows) < 30) & (abs(columns) < 40)).astype(np.uint8))
    assert not is_sheet((np.hypot(rows, columns) < 40).astype(np.uint8))
    assert not is_sheet(((abs(rows) < 40) & (abs(columns) < 5)).astype(np.uint8))
