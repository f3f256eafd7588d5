"""The presets: every value of a training, under one word each."""

from __future__ import annotations

from siam.recipe import AugmentPolicy, Recipe

__all__ = ["PRESETS"]


_DISTORTED = AugmentPolicy(
    rotation=10.0, scale=0.1, shear=0.1, shift=0.06, elastic=0.02, stroke=0.4, contrast=0.2
)
_FURTHER = AugmentPolicy(
    rotation=18.0,
    scale=0.2,
    shear=0.2,
    shift=0.08,
    elastic=0.03,
    stroke=0.5,
    contrast=0.3,
    cutout=0.2,
    cutout_size=0.25,
    noise=20.0,
    blur=0.2,
    outline=0.08,
    lines=0.15,
    bands=0.08,
)

PRESETS: dict[str, Recipe] = {
    "quick": Recipe(epochs=1, pictures_per_class=10),
    "balanced": Recipe(
        epochs=6, augment=_DISTORTED, clean_epochs=0.25, hard_example_share=0.35, outlier_share=0.15
    ),
    "best": Recipe(
        tower="wide",
        ensemble_size=3,
        dim=192,
        epochs=24,
        augment=_FURTHER,
        clean_epochs=0.2,
        hard_example_share=0.35,
        outlier_share=0.15,
        test_time_views=5,
    ),
}
