"""Early stopping looks at the history alone, so that a resumed training stops where it should."""

from __future__ import annotations

import pytest

from siam.siamese.callbacks import stale


@pytest.mark.parametrize(
    ("losses", "patience", "expected"),
    [
        ([], 2, False),
        ([0.5, 0.4, 0.3], 1, False),
        ([0.3, 0.4], 1, True),
        ([0.3, 0.4], 2, False),
        ([0.3, 0.4, 0.35], 2, True),
        ([0.3, 0.4, 0.2], 2, False),
        ([0.3, 0.4, 0.5, 0.6], 0, False),
    ],
)
def test_stale(losses: list[float], patience: int, expected: bool) -> None:
    assert stale([{"val_loss": loss} for loss in losses], patience) is expected
