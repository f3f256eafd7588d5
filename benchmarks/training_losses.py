"""The losses at equal conditions: same tower, distortions, epochs, and learning rates tried.

    python benchmarks/training_losses.py [--seeds 5] [--epochs 3] [--pictures N] [--only TEXTS]
        [--test] [--json]

K. Musgrave, S. Belongie, S. Lim, "A Metric Learning Reality Check", ECCV 2020, found the losses of
fifteen years about equal once everything else is. Each loss is trained at three learning rates.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from training_measure import Trial, options, run_table

from siam.siamese.losses import LOSSES
from siam.siamese.presets import PRESETS

RATES = (4e-3, 8e-3, 1.6e-2)


def main() -> None:
    """Print the table."""
    run_table(trials(), options("The batch losses at equal conditions.", seeds=5, epochs=3))


def trials() -> Iterator[Trial]:
    """Every loss at every rate, without a second term beside it.

    Nor with strangers: the contrastive loss alone has a margin of their own for them.
    """
    base = dataclasses.replace(PRESETS["balanced"], head_weight=0.0, strangers=0.0)
    for loss in LOSSES:
        for rate in RATES:
            recipe = dataclasses.replace(base, loss=loss, learning_rate=rate)
            yield Trial(f"{loss} {rate:g}", recipe)


if __name__ == "__main__":
    main()
