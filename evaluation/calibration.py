"""What a distance means, learned on validation pictures and kept beside the run.

Three things are learned, none of them from test pictures:
- the probability that two pictures at a distance are of one class (isotonic regression: Zadrozny
  and Elkan 2002), same and different pairs weighing alike;
- the distance at which a given share of different pairs would be accepted (the false-accept rate);
- from a picture's neighbours together, the probability that their label is right, and how close
  a picture must be to the gallery to count as familiar.

Learning is in `calibration_fit.py`; here is what remains of it, which plain NumPy can use.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta

from siam.array_types import Floats, Reals
from siam.atomic import write_json
from siam.errors import RunError, UsageError
from siam.evaluation.appearance import Appearance
from siam.evaluation.votes import Votes
from siam.untrusted import read_json

__all__ = ["Calibration", "features", "read_calibration", "write_calibration"]

SCHEMA = 1
# A file of the finest curve and table takes 1.5 MB; a larger one was not written by siam.
LARGEST_FILE = 4_000_000

# A little above 2: float32 rounds.
Distance = Annotated[float, Meta(ge=0, le=2.0001)]
Share = Annotated[float, Meta(ge=0, le=1)]
Rate = Annotated[float, Meta(gt=0, le=1)]
Weight = Annotated[float, Meta(ge=-1e12, le=1e12)]
Count = Annotated[int, Meta(ge=1, le=10**15)]
AtLeastOne = Meta(min_length=1, max_length=20_001)


class Calibration(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag=SCHEMA,
    tag_field="schema",
    forbid_unknown_fields=True,
    # As the file has called them since the first runs.
    rename={"false_accept_rates": "fars", "false_accept_distances": "far_distances"},
):
    """A run's meaning of distances; all distances are 0 to 2, smaller = closer.

    Attributes:
        threshold: the distance that told validation pairs apart best.
        distances: rising, the knots of the curve of probability.
        probabilities: falling, at each knot the probability that such a pair is of one class,
            where same and different pairs are equally frequent.
        false_accept_rates: rising, from the smallest that could be measured to 1.
        false_accept_distances: rising, at each rate the largest distance that keeps it.
        same_pairs, different_pairs, pictures: the validation pairs measured, and their pictures.
        neighbours: how many neighbours the label's probability was learned from.
        label_weights: logistic weights, the constant first, then those of `features`.
        familiar: a picture this close to its neighbours (`Votes.closeness`) is familiar.
        unfamiliar: a picture farther than this is like nothing in the gallery.
        queries: validation pictures that the last four were learned from.
        let_through: kind of picture that should match nothing -> share of them that was a match
            all the same, when all this was learned. Empty in runs made before it was measured.
        appearance: of what kind the run's pictures are, where embeddings alone let others through.
    """

    threshold: Distance
    distances: Annotated[tuple[Distance, ...], AtLeastOne]
    probabilities: Annotated[tuple[Share, ...], AtLeastOne]
    false_accept_rates: Annotated[tuple[Rate, ...], AtLeastOne]
    false_accept_distances: Annotated[tuple[Distance, ...], AtLeastOne]
    same_pairs: Count
    different_pairs: Count
    pictures: Count
    neighbours: Annotated[int, Meta(ge=1, le=10_000)]
    label_weights: tuple[Weight, Weight, Weight]
    familiar: Distance
    unfamiliar: Distance
    queries: Count
    let_through: dict[Annotated[str, Meta(max_length=60)], Share] = {}
    appearance: Appearance | None = None

    def __post_init__(self) -> None:
        """Refuse curves that are none, with a ValueError."""
        for one, other in (
            ("distances", "probabilities"),
            ("false_accept_rates", "false_accept_distances"),
        ):
            first, second = getattr(self, one), getattr(self, other)
            if len(first) != len(second):
                raise ValueError(
                    f"`{one}` and `{other}` must be of one length, "
                    f"received {len(first)} and {len(second)}"
                )
        for name, falls in (
            ("distances", False),
            ("probabilities", True),
            ("false_accept_rates", False),
            ("false_accept_distances", False),
        ):
            steps = np.diff(getattr(self, name))
            if (steps > 0 if falls else steps < 0).any():
                raise ValueError(f"`{name}` must {'fall' if falls else 'rise'}")

    def same_probability(self, distances: Reals) -> Floats:
        """Return the probability that pairs at these distances are of one class.

        Args:
            distances: any shape, 0 to 2, smaller = closer.

        Returns:
            float64 of that shape, 0 to 1, falling with distance.
        """
        probabilities: Floats = np.interp(distances, self.distances, self.probabilities)
        return probabilities

    def label_probability(self, votes: Votes) -> Floats:
        """Return the probability, float64 (n,), 0 to 1, that each voted label is right."""
        score = self.label_weights[0] + features(votes) @ np.array(self.label_weights[1:])
        # np.exp overflows beyond about 700; 1e-13 is far below what can be measured anyway.
        probability = 1 / (1 + np.exp(-np.clip(score, -30, 30)))
        return np.where(votes.labels < 0, 0.0, probability)

    def threshold_for(self, false_accept_rate: float) -> float:
        """Return the largest distance that keeps a false-accept rate.

        Args:
            false_accept_rate: share of different pairs accepted, above 0 to 1.

        Raises:
            UsageError: not a rate, or smaller than the validation pairs could show.

        Example:
            >>> pairs = dict(threshold=0.5, distances=(0.0, 2.0), probabilities=(1.0, 0.0))
            >>> rates = dict(false_accept_rates=(0.01, 1.0), false_accept_distances=(0.3, 1.9))
            >>> counts = dict(same_pairs=50, different_pairs=100, pictures=20, queries=20)
            >>> labels = dict(neighbours=10, label_weights=(0.0,) * 3, familiar=0.6, unfamiliar=0.9)
            >>> Calibration(**pairs, **rates, **counts, **labels).threshold_for(0.01)
            0.3
        """
        if not 0 < false_accept_rate <= 1:
            raise UsageError(
                f"A false-accept rate is above 0 and at most 1, received {false_accept_rate:g}.",
                "Give a fraction, such as 0.001 for 0.1 %.",
            )
        # A rate typed in decimal may fall a rounding error short of the one in the table.
        if false_accept_rate < self.false_accept_rates[0] * (1 - 1e-9):
            raise UsageError(
                f"A false-accept rate of {false_accept_rate:g} cannot be measured on "
                f"{self.different_pairs:,} different validation pairs; the smallest is "
                f"{self.false_accept_rates[0]:.3g}.",
                "Ask for a larger rate, or train with more validation pictures.",
            )
        return float(
            np.interp(
                np.log(false_accept_rate),
                np.log(self.false_accept_rates),
                self.false_accept_distances,
            )
        )

    def false_accept_rate_at(self, threshold: float) -> float:
        """Return the false-accept rate that a distance had on validation pairs, 0 to 1."""
        if threshold < self.false_accept_distances[0]:
            return 0.0
        return float(
            np.exp(
                np.interp(threshold, self.false_accept_distances, np.log(self.false_accept_rates))
            )
        )

    def pick_threshold(self, false_accept_rate: float | None, threshold: float | None) -> float:
        """Return the threshold by hand, else the one for the rate, else the most accurate one.

        Raises:
            UsageError: both are given, or one is out of range.
        """
        if threshold is not None and false_accept_rate is not None:
            raise UsageError(
                f"--false-accept-rate {false_accept_rate:g} and --threshold {threshold:g} "
                "exclude each other.",
                "Give the one or the other.",
            )
        if threshold is not None:
            if not 0 <= threshold <= 2:
                raise UsageError(
                    f"A threshold is a distance from 0 to 2, received {threshold:g}.",
                    "Smaller is stricter; `siam evaluate` shows the usual one.",
                )
            return float(threshold)
        return (
            self.threshold if false_accept_rate is None else self.threshold_for(false_accept_rate)
        )

    def operating_point(
        self, false_accept_rate: float | None = None, threshold: float | None = None
    ) -> str:
        """Say in words which threshold holds and what it costs.

        Example: "distance 0.83 at most: 0.1 % false accepts, measured on 20,000 validation pairs".
        """
        distance = self.pick_threshold(false_accept_rate, threshold)
        rate = (
            self.false_accept_rate_at(distance) if false_accept_rate is None else false_accept_rate
        )
        share = f"{100 * rate:.2g} %" if rate else f"below {100 * self.false_accept_rates[0]:.2g} %"
        origin = ", set by hand" if threshold is not None else ""
        return (
            f"distance {distance:.4g} at most{origin}: {share} false accepts, "
            f"measured on {self.different_pairs:,} validation pairs"
        )


def features(votes: Votes) -> Floats:
    """Return what the label's probability is computed from: share and closeness, float64 (n, 2)."""
    return np.stack([votes.shares, votes.closeness], axis=1)


def write_calibration(path: Path, calibration: Calibration) -> None:
    """Write `calibration.json`, whole or not at all."""
    write_json(path, msgspec.to_builtins(calibration))


class Header(msgspec.Struct):
    """What every schema of the file has; the rest is read once this is known."""

    schema: int


def read_calibration(path: Path) -> Calibration:
    """Read `calibration.json` as `write_calibration` wrote it.

    It may come from anybody: types, ranges and lengths are checked before it is believed.

    Raises:
        RunError: the file is missing, damaged or of another schema.
    """
    cure = "Train the run again, or copy the file back from where it came."
    try:
        schema = read_json(path, Header, most=LARGEST_FILE).schema
        if schema == SCHEMA:
            return read_json(path, Calibration, most=LARGEST_FILE)
    except FileNotFoundError:
        raise RunError(f"The calibration {path} is missing.", cure) from None
    except ValueError as error:
        raise RunError(f"The calibration {path} cannot be read: {error}.", cure) from error
    raise RunError(
        f"{path} has schema {schema}, this siam reads {SCHEMA}.",
        "Use the siam that made the run, or train it again.",
    )
