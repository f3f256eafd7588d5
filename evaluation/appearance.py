"""Whether a picture is of the kind of a run's pictures at all, whatever its embedding says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta

from siam.array_types import Floats

__all__ = ["Appearance", "Descriptions", "fit_appearance"]

# Share of validation pictures that count as of the kind.
ALIKE = 0.97
# A number that hardly varies in training must not be blown up.
LEAST_DEVIATION = 1e-3

Number = Annotated[float, Meta(ge=-1e9, le=1e9)]
Numbers = Annotated[tuple[Number, ...], Meta(min_length=1, max_length=200)]


@dataclass(frozen=True)
class Descriptions:
    """What `siam.pictures.appearance.describe_pictures` says of a run's pictures.

    Attributes:
        train, validation: float64 (n, d).
        probes: kind of picture that should match nothing -> float64 (m, d).
    """

    train: Floats
    validation: Floats
    probes: Mapping[str, Floats]


class Appearance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where descriptions of the training pictures lie, as a normal distribution.

    Attributes:
        mean: of each number.
        precision: the inverse of their covariance, row after row.
        limit: the unlikeness that 97 % of validation pictures stay within.
    """

    mean: Numbers
    precision: Annotated[tuple[Numbers, ...], Meta(min_length=1, max_length=200)]
    limit: Annotated[float, Meta(ge=0, le=1e9)]

    def __post_init__(self) -> None:
        """Refuse what is no square matrix of the mean's length, with a ValueError."""
        sides = {len(self.precision), *map(len, self.precision)}
        if sides != {len(self.mean)}:
            raise ValueError(f"`precision` must be {len(self.mean)} x {len(self.mean)}")

    def unlikeness(self, descriptions: Floats) -> Floats:
        """Return how far descriptions lie from those of training, float64 (n,).

        The Mahalanobis distance by the square root of the dimension: about 1 for training pictures,
        larger = less alike.
        """
        offsets = descriptions - np.array(self.mean)
        squares = np.einsum("nd,de,ne->n", offsets, np.array(self.precision), offsets)
        unlike: Floats = np.sqrt(np.maximum(squares, 0) / len(self.mean))
        return unlike


def fit_appearance(train: Floats, validation: Floats) -> Appearance:
    """Learn where the descriptions of training pictures lie, and how far new ones stray.

    The covariance is shrunk (O. Ledoit, M. Wolf, 2004): few pictures tell little about it.

    Args:
        train: float64 (n, d), two or more.
        validation: float64 (m, d), of pictures that were not trained on.

    Example:
        >>> rows = np.random.default_rng(0).normal(size=(200, 3))
        >>> appearance = fit_appearance(rows, rows)
        >>> [bool(far) for far in appearance.unlikeness(rows[:1] + [[0], [9]]) > appearance.limit]
        [False, True]
    """
    from sklearn.covariance import LedoitWolf

    mean, deviation = train.mean(axis=0), np.maximum(train.std(axis=0), LEAST_DEVIATION)
    precision = LedoitWolf().fit((train - mean) / deviation).precision_
    scaled = precision / np.outer(deviation, deviation)
    fitted = Appearance(
        mean=tuple(mean.tolist()),
        precision=tuple(tuple(row) for row in scaled.tolist()),
        limit=0.0,
    )
    limit = float(np.quantile(fitted.unlikeness(validation), ALIKE))
    return msgspec.structs.replace(fitted, limit=limit)
