"""What tests of this room share."""

from __future__ import annotations

import pytest

from siam.recipe import AugmentPolicy


@pytest.fixture(scope="session")
def everything() -> AugmentPolicy:
    """Every distortion at once, each strong enough to be seen."""
    return AugmentPolicy(
        rotation=15,
        scale=0.15,
        shear=0.2,
        shift=0.1,
        elastic=0.03,
        stroke=0.5,
        cutout=0.5,
        contrast=0.3,
        noise=20,
        blur=0.5,
        outline=0.4,
        lines=0.5,
        bands=0.5,
    )
