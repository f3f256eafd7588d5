"""One way to name a data set: mnist, digits, or a path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from siam.datasets.dataset import Dataset
from siam.datasets.digits import load_digits
from siam.datasets.mnist import load_mnist
from siam.errors import DataError
from siam.progress import Progress, silent

__all__ = ["load_dataset"]


def load_dataset(
    spec: str | None,
    *,
    data_dir: Path | None = None,
    seed: int = 0,
    size: int | None = None,
    classes_from: str | None = None,
    holdout_classes: tuple[str, ...] = (),
    prepare: str | None = None,
    progress: Progress = silent,
    notice: Callable[[str], None] | None = None,
) -> Dataset:
    """Load the data set that `spec` names."""
    if spec == "digits":
        return load_digits(seed=seed)
    if spec == "mnist":
        return load_mnist(data_dir=data_dir, seed=seed, progress=progress)
    if spec is None:
        try:
            return load_mnist(data_dir=data_dir, seed=seed, progress=progress)
        except DataError as error:
            if notice is not None:
                notice(f"MNIST is not here ({error.problem}); using scikit-learn's 1,797 digits.")
            return load_digits(seed=seed)
    raise DataError(f"{spec} is no data set.", "Give mnist, digits or a folder.")
