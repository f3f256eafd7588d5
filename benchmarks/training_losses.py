"""The losses at equal conditions: same tower, distortions and epochs, and equally many trials.

    python benchmarks/training_losses.py [--seeds 5] [--epochs 3] [--pictures N] [--only TEXTS]
        [--test] [--json]

K. Musgrave, S. Belongie, S. Lim, "A Metric Learning Reality Check", ECCV 2020, found the losses of
fifteen years about equal once everything else is. Each loss has eight trials with seed 0: four
learning rates, then four settings of its own at the best rate. The trial with the least equal error
on validation is trained with every seed; `--test` judges that last stage by test digits.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from functools import partial

from training_measure import Trial, options, over_seeds, run_table, wanted

from siam.siamese.losses.registry import LOSSES
from siam.siamese.presets import PRESETS

RATES = (4e-3, 8e-3, 1.6e-2, 3.2e-2)
_MARGINS = [{"margin": 0.1}, {"margin": 0.3}, {"margin": 0.5}, {"margin": 0.7}]
_TEMPERATURES = [{"temperature": value} for value in (0.05, 0.07, 0.2, 0.3)]
SETTINGS: dict[str, list[dict[str, float]]] = {
    "contrastive": [
        {"positive_margin": 0.0},
        {"positive_margin": 0.15},
        {"negative_margin": 1.0},
        {"negative_margin": 1.4},
    ],
    "triplet": _MARGINS,
    "triplet-all": _MARGINS,
    "triplet-hard": _MARGINS,
    "supervised-contrastive": _TEMPERATURES,
    "multi-similarity": [{"base": 0.3}, {"base": 0.7}, {"alpha": 10.0}, {"beta": 20.0}],
    "batch-softmax": _TEMPERATURES,
    "cosine-softmax": [{"scale": 8.0}, {"scale": 32.0}, {"angle": 0.2}, {"angle": 0.5}],
}


def main() -> None:
    """Tune every loss, then print what its best trial gives."""
    chosen = options("The batch losses at equal conditions.", seeds=5, epochs=3)
    run_table((_tune(loss, chosen) for loss in SETTINGS if wanted(loss, chosen)), chosen)


def _tune(loss: str, chosen: argparse.Namespace) -> Trial:
    """Return the trial with the least equal error on seed 0's validation digits."""
    by_validation = argparse.Namespace(**{**vars(chosen), "seeds": 1, "test": False})

    def tried(trial: Trial) -> tuple[float, Trial]:
        print(trial.name, file=sys.stderr, flush=True)
        (found,) = over_seeds(trial, by_validation)
        return found.eer, trial

    rates = [tried(_trial(loss, rate, {})) for rate in RATES]
    best_rate = min(rates, key=lambda one: one[0])[1].recipe.learning_rate
    own = [tried(_trial(loss, best_rate, setting)) for setting in SETTINGS[loss]]
    return min(rates + own, key=lambda one: one[0])[1]


def _trial(loss: str, rate: float, setting: dict[str, float]) -> Trial:
    """One way to train by a loss, without outliers.

    The contrastive loss alone has a margin of their own for them.
    """
    name = " ".join([loss, *(f"{key}={value:g}" for key, value in setting.items())])
    # A recipe knows a loss by its name, so a setting is a loss of its own name here.
    LOSSES[name] = partial(LOSSES[loss], **setting)
    recipe = dataclasses.replace(
        PRESETS["balanced"], outlier_share=0.0, loss=name, learning_rate=rate
    )
    return Trial(f"{name}, rate {rate:g}", recipe)


if __name__ == "__main__":
    main()
