"""What moves the number: one value of a preset changed at a time, all else equal.

    python benchmarks/training_ablation.py [--seeds 5] [--epochs 3] [--pictures N] [--only TEXTS]
        [--test] [--json]

Judged by validation unless `--test`, as a table to choose by must be.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from training_measure import Trial, options, run_table

from siam.recipe import AugmentPolicy
from siam.siamese.presets import PRESETS


def main() -> None:
    """Print the table."""
    chosen = options("One value of the balanced preset changed at a time.", seeds=5, epochs=3)
    run_table(trials(), chosen)


def trials() -> Iterator[Trial]:
    """The rows: the preset, then what each change makes of it."""
    base = PRESETS["balanced"]

    def change(name: str, **values: Any) -> Trial:
        return Trial(name, dataclasses.replace(base, **values))

    def distort(name: str, **values: float) -> Trial:
        return change(name, augment=dataclasses.replace(base.augment, **values))

    yield Trial("balanced", base)
    yield change("AdamW, rate 4e-3", optimizer="adamw", learning_rate=4e-3)
    yield change("supervised contrastive loss", loss="supervised-contrastive", outlier_share=0.0)
    yield change("all pictures, not the hardest", hard_example_share=1.0)
    yield change("no outliers", outlier_share=0.0)
    yield change("no warm-up", warm_up=0.0)
    yield change("distorted to the end", clean_epochs=0.0)
    yield change("no distortion", augment=AugmentPolicy())
    yield change("5 views", test_time_views=5)
    yield change("half the learning rate", learning_rate=base.learning_rate / 2)
    yield change("no weight decay", weight_decay=0.0)
    yield distort("no shift", shift=0.0)
    yield distort("no elastic", elastic=0.0)
    yield distort("more elastic", elastic=0.04)
    yield distort("no stroke width", stroke=0.0)
    yield distort("cutout 0.5", cutout=0.5)
    yield distort("noise, blur, contrast", noise=15.0, blur=0.3, contrast=0.3)
    yield distort("lines, outlines, bands", lines=0.12, outline=0.08, bands=0.08)
    yield change("dim 16", dim=16)
    yield change("dim 32", dim=32)
    yield change("dim 128", dim=128)
    yield change("10 x 13", pictures_per_class=13)
    yield change("10 x 52", pictures_per_class=52)
    yield change("5 x 52", classes_per_batch=5, pictures_per_class=52)
    yield change("float32", precision="float32")
    yield change("three towers side by side", ensemble_size=3, dim=3 * base.dim)
    for share in (0.05, 0.2):
        yield Trial(f"{share:.0%} wrong labels", base, wrong_labels=share)


if __name__ == "__main__":
    main()
