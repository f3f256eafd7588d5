"""The 1,797 real digits inside scikit-learn, brought to the form of MNIST.

Source: Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits" (UCI, 1998), test part.
"""

from __future__ import annotations

import numpy as np

from siam.datasets.dataset import Dataset, Split
from siam.datasets.splits import three_way
from siam.errors import MissingExtraError

__all__ = ["like_mnist", "load_digits"]

SIDE = 28
BOX = 20
# Ink below this, of 255, is the soft edge that upscaling leaves.
FAINT = 32


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
    pictures = np.stack([like_mnist(picture) for picture in bunch.images])[..., np.newaxis]
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


def like_mnist(picture: np.ndarray) -> np.ndarray:
    """Bring one 8 x 8 digit to MNIST's form.

    The ink's box is scaled smoothly, its aspect kept, into 20 x 20 and laid on 28 x 28 so
    that the centre of mass of its ink is in the middle.

    Args:
        picture: (8, 8), ink 0 (none) to 16 (full).

    Returns:
        uint8 (28, 28), white ink (255) on black (0).
    """
    import cv2

    # Bicubic on a margin, so that strokes at the border fade out as they do inside.
    padded = np.pad(picture.astype(np.float32) * (255 / 16), 1)
    smooth = cv2.resize(padded, None, fx=8, fy=8, interpolation=cv2.INTER_CUBIC).clip(0, 255)
    rows = np.flatnonzero((smooth >= FAINT).any(axis=1))
    columns = np.flatnonzero((smooth >= FAINT).any(axis=0))
    ink = smooth[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = BOX / max(ink.shape)
    width, height = (max(1, round(side * scale)) for side in ink.shape[::-1])
    small = cv2.resize(ink, (width, height), interpolation=cv2.INTER_AREA)

    moments = cv2.moments(small)
    top, left = (
        min(max(round(SIDE / 2 - moments[m] / moments["m00"] - 0.5), 0), SIDE - side)
        for m, side in (("m01", height), ("m10", width))
    )
    canvas = np.zeros((SIDE, SIDE), dtype=np.uint8)
    canvas[top : top + height, left : left + width] = np.rint(small)
    return canvas
