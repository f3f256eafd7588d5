"""The presets on MNIST's test digits: seconds, Recall@1, pair accuracy and EER.

    python benchmarks/training_presets.py [--seeds 5] [--only quick] [--json]

Gallery: the 60,000 training digits, validation among them. Threshold: from validation pairs.
"""

from __future__ import annotations

from training_measure import Trial, options, run_table

from siam.siamese.presets import PRESETS


def main() -> None:
    """Print the table."""
    chosen = options("The presets on MNIST's test digits.", seeds=5, epochs=0)
    chosen.test = True
    run_table((Trial(name, recipe) for name, recipe in PRESETS.items()), chosen)


if __name__ == "__main__":
    main()
