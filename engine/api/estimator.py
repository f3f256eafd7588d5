"""A Siamese network as a scikit-learn estimator: pictures in, embeddings, neighbours, labels out.

For arrays in memory, in a `Pipeline` or a `cross_val_score`; nothing is written to disk but a
temporary folder. A run (`siam.train`) is what keeps a calibration and an index beside it.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siam.array_types import Integers, Pictures, Vectors
from siam.datasets.dataset import Split
from siam.engine.recipe_choice import choose_recipe, choose_training
from siam.errors import MissingExtraError, UsageError
from siam.evaluation.votes import count_votes
from siam.recipe import PRETRAINED
from siam.training.native_logs import quiet_native_logs
from siam.unit_vectors import exact_neighbours

try:
    from sklearn.base import (
        BaseEstimator,
        ClassifierMixin,
        ClassNamePrefixFeaturesOutMixin,
        TransformerMixin,
    )
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError:
    raise MissingExtraError("siam.SiameseEncoder", "train") from None

__all__ = ["SiameseEncoder"]

BATCH = 256
# Below it, a turn by some degrees is lost in the pixels: 8 x 8 digits are enlarged threefold.
LEAST_SIDE = 20


class SiameseEncoder(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClassifierMixin, BaseEstimator
):
    """Learn embeddings of labelled pictures, and answer by the nearest of them.

    Args:
        picture_shape: (height, width) or (height, width, channels) of flat rows; rows without one
            are square grey pictures, filled up with zeros at their end. Pictures (n, height,
            width[, channels]) need none.
        preset: "quick", "balanced" or "best".
        epochs: passes over the pictures; what suits their number when left out.
        overrides: any value of the recipe by name, such as {"augment.rotation": 20}.
        n_neighbors: neighbours that vote for a label, and that `kneighbors` returns, 1 or more.
        random_state: fixes initialisation and order; None draws anew each time.

    Attributes:
        classes_: the labels.
        tower_: the trained tower, a Keras model.
        embeddings_: float32 (n, dim), unit rows, of the pictures that it was fitted to.
        n_features_in_: numbers in a picture.

    Example:
        >>> from sklearn.datasets import load_digits
        >>> X, y = load_digits(return_X_y=True)
        >>> encoder = SiameseEncoder(epochs=1).fit(X[:200], y[:200])
        >>> encoder.transform(X[:3]).shape
        (3, 64)
    """

    def __init__(
        self,
        *,
        picture_shape: tuple[int, ...] | None = None,
        preset: str = "quick",
        epochs: int | None = None,
        overrides: Mapping[str, object] | None = None,
        n_neighbors: int = 10,
        random_state: Any = 0,
    ) -> None:
        self.picture_shape = picture_shape
        self.preset = preset
        self.epochs = epochs
        self.overrides = overrides
        self.n_neighbors = n_neighbors
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Train on pictures and their labels.

        Args:
            X: uint8 (n, height, width[, channels]), or rows (n, features) of such. Other numbers
                are scaled, so that the least and the largest of X become 0 and 255.
            y: (n,) labels of at least two classes.

        Raises:
            ValueError: X or y are not that.
            UsageError: `overrides` name what there is not, or a pretrained tower.
        """
        pixels: NDArray[Any]
        pixels, y = validate_data(self, X, y, allow_nd=True, dtype="numeric", ensure_min_samples=2)
        self.n_features_in_ = math.prod(pixels.shape[1:])
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"SiameseEncoder needs 2 classes or more, received 1 class: {self.classes_[0]!r}."
            )
        self.scale_ = (0.0, 255.0)
        if pixels.dtype != np.uint8:
            self.scale_ = float(pixels.min()), float(pixels.max())
        pictures = self._pictures(pixels)
        numbers: Integers = labels.astype(np.int64)
        split = Split(pictures, numbers, tuple(map(str, range(len(numbers)))))
        values = {key: str(value) for key, value in (self.overrides or {}).items()}
        if self.epochs is not None:
            values["epochs"] = str(self.epochs)
        recipe = choose_recipe(
            choose_training(preset=self.preset, overrides=values),
            len(split),
            classes=len(self.classes_),
            chain="none",
        )
        if recipe.tower == PRETRAINED:
            raise UsageError(
                "SiameseEncoder trains siam's own towers alone, received tower 'pretrained'.",
                "For a folder of pictures:  siam.train(FOLDER, tower='pretrained')",
            )
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        with quiet_native_logs(), tempfile.TemporaryDirectory() as folder:
            from siam.siamese.network import tower_of
            from siam.siamese.recipe_check import check_recipe
            from siam.siamese.training import train_network

            check_recipe(recipe)
            watched = split.take(np.unique(numbers, return_index=True)[1])
            trained = train_network(split, watched, recipe=recipe, seed=seed, folder=Path(folder))
            self.tower_ = tower_of(trained.network)
        self.embeddings_ = self._embed(pictures)
        self._labels = numbers
        return self

    def transform(self, X: ArrayLike) -> Vectors:
        """Return the embeddings of pictures: float32 (n, dim), unit rows.

        Args:
            X: as for `fit`.
        """
        check_is_fitted(self)
        pixels: NDArray[Any] = validate_data(
            self, X, reset=False, ensure_2d=False, allow_nd=True, dtype="numeric"
        )
        if pixels.ndim < 2:
            raise ValueError(
                f"Expected rows or pictures, received an array of shape {pixels.shape}. "
                "Reshape your data, a single picture to (1, height, width)."
            )
        features = math.prod(pixels.shape[1:])
        if features != self.n_features_in_:
            raise ValueError(
                f"X has {features} features, but SiameseEncoder is expecting "
                f"{self.n_features_in_} features as input."
            )
        return self._embed(self._pictures(pixels))

    def kneighbors(
        self,
        X: ArrayLike | None = None,
        n_neighbors: int | None = None,
        return_distance: bool = True,
    ) -> tuple[Vectors, Integers] | Integers:
        """Return the nearest pictures of those that it was fitted to.

        Args:
            X: as for `fit`; left out, the fitted pictures themselves, none of which is then its
                own neighbour.
            n_neighbors: neighbours of each; as set when left out. No more than there are.
            return_distance: the distances too.

        Returns:
            Distances, float32 (n, k), 0 to 2, smaller = closer, rising along each row; and the
            neighbours' places in the pictures fitted to, int64 (n, k).
        """
        check_is_fitted(self)
        queries = self.embeddings_ if X is None else self.transform(X)
        k = self.n_neighbors if n_neighbors is None else n_neighbors
        near = exact_neighbours(queries, self.embeddings_, k, same_set=X is None)
        return (near.distances, near.positions) if return_distance else near.positions

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the labels that the nearest pictures vote for, nearer ones weighing more: (n,).

        Args:
            X: as for `fit`.
        """
        check_is_fitted(self)
        near = exact_neighbours(self.transform(X), self.embeddings_, self.n_neighbors)
        labels: NDArray[Any] = self.classes_[
            count_votes(near.distances, self._labels[near.positions]).labels
        ]
        return labels

    def _pictures(self, X: NDArray[Any]) -> Pictures:
        """Return X as the network takes it: uint8 (n, height, width, channels)."""
        least, most = self.scale_
        if X.dtype != np.uint8 or (least, most) != (0.0, 255.0):
            X = np.clip((X - least) / (most - least or 1) * 255, 0, 255).round().astype(np.uint8)
        shape = self.picture_shape
        if X.ndim == 2:
            if shape is None:
                side = math.isqrt(X.shape[1] - 1) + 1
                X = np.pad(X, ((0, 0), (0, side * side - X.shape[1])))
                shape = (side, side)
            if math.prod(shape) != X.shape[1]:
                raise ValueError(
                    f"picture_shape {shape} holds {math.prod(shape)} numbers, X has {X.shape[1]} "
                    "features."
                )
            X = X.reshape(len(X), *shape)
        if X.ndim == 3:
            X = X[..., None]
        if X.ndim != 4 or X.shape[3] not in (1, 3):
            raise ValueError(
                "Pictures are (n, height, width[, 1 or 3 channels]), received an array of shape "
                f"{X.shape}."
            )
        return enlarge(X)

    def _embed(self, pictures: Pictures) -> Vectors:
        from keras import ops

        # Called as it is: `predict` would be traced anew for every estimator.
        parts = [
            ops.convert_to_numpy(self.tower_(part.astype(np.float32), training=False))
            for part in np.split(pictures, range(BATCH, len(pictures), BATCH))
        ]
        return np.concatenate(parts).astype(np.float32, copy=False)

    @property
    def _n_features_out(self) -> int:
        return int(self.embeddings_.shape[1])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        # The checks' random numbers are no pictures; how good it is on some, its own tests say.
        tags.classifier_tags.poor_score = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


def enlarge(pictures: Pictures) -> Pictures:
    """Return pictures enlarged by a whole factor, where the network could not distort them."""
    import cv2

    height, width = pictures.shape[1:3]
    factor = -(-LEAST_SIDE // min(height, width))
    if factor < 2:
        return pictures
    size = (width * factor, height * factor)
    larger = [cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR) for picture in pictures]
    return np.stack(larger).reshape(len(pictures), size[1], size[0], -1)
