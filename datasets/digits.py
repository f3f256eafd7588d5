"""The 1,797 real digits inside scikit-learn, brought to the form of MNIST.

Source: Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits" (UCI, 1998), test part.
"""

from __future__ import annotations

import numpy as np

from siam.datasets.dataset import Dataset, Split
from siam.datasets.splits import three_way
from siam.errors import MissingExtraError
from siam.pictures.framing import frame_few_pixels

__all__ = ["load_digits"]


def load_digits(*, seed: int = 0) -> Dataset:
    """Load scikit-learn's digits: 70 % train, 10 % validation, 20 % test, stratified.

    Args:
        seed: fixes the split.

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """
    try:
        from sklearn import datasets
    except ImportError as error:
        raise MissingExtraError("The data set 'digits'", "train") from error
    bunch = datasets.load_digits()
    labels = bunch.target.astype(np.int64)
    # Each is 8 x 8, ink 0 (none) to 16 (full).
    greys = bunch.images.astype(np.float32) * (255 / 16)
    pictures = np.stack([frame_few_pixels(grey) for grey in greys])[..., np.newaxis]
    whole = Split(pictures, labels, tuple(f"digits/{i}" for i in range(len(labels))))
    train, validation, test = three_way(labels, seed=seed)
    return Dataset(
        name="digits",
        source="scikit-learn",
        classes=tuple("0123456789"),
        train=whole.take(train),
        validation=whole.take(validation),
        test=whole.take(test),
        prepare="digit",
    )
