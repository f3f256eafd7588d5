"""Verify many pairs, each picture read and embedded once; scored where the truth is known."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from siam.array_types import Vectors
from siam.engine.open_run import OpenRun
from siam.engine.reading import PreparedPicture, Source, join_portions, read_ahead
from siam.engine.verification.pair import PairVerdict, decide_pair
from siam.engine.verification.pair_sources import Pairs
from siam.errors import DataError
from siam.evaluation.intervals import lay_out
from siam.evaluation.pairs import PairScores, score_pairs
from siam.pictures.preparation import Prepared
from siam.pictures.reading import Skipped
from siam.progress import Progress, silent

__all__ = ["PairRow", "PairVerdicts", "embed_pictures", "verify_pairs"]

BATCH = 256
NO_PIXELS = np.empty((0, 0, 1), np.uint8)


class PairRow(msgspec.Struct, frozen=True):
    """What a run says of one pair; see `siam.engine.verification.pair.PairAnswer`."""

    left: str
    right: str
    verdict: PairVerdict
    distance: float
    probability: float
    reason: str
    same: bool | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as `siam verify --json` documents it."""
        rounded = {"distance": round(self.distance, 6), "probability": round(self.probability, 6)}
        return msgspec.structs.asdict(self) | rounded


@dataclass(frozen=True)
class PairVerdicts:
    """What a run says of many pairs.

    Attributes:
        run: the run's name.
        threshold: the largest distance that is let through, 0 to 2.
        rows: of each pair whose pictures could be read, in order.
        skipped: pictures that could not be read.
        scores: how well distances tell the pairs apart whose truth is known; None where those are
            not of both kinds.
    """

    run: str
    threshold: float
    rows: tuple[PairRow, ...]
    skipped: tuple[Skipped, ...]
    scores: PairScores | None

    def to_dict(self) -> dict[str, Any]:
        """Return it as `siam verify --json` documents it."""
        figures = self.scores and {"count": self.scores.count, **lay_out(self.scores.figures)}
        return {
            "run": self.run,
            "threshold": self.threshold,
            "pairs": [row.to_dict() for row in self.rows],
            "skipped": [{"input": skip.path, "error": skip.reason} for skip in self.skipped],
            "figures": figures,
        }


def verify_pairs(
    run: OpenRun,
    pairs: Pairs,
    *,
    false_accept_rate: float | None = None,
    threshold: float | None = None,
    progress: Progress = silent,
) -> PairVerdicts:
    """Say of each pair whether both are of one class; each picture is read and embedded once.

    Args:
        run: an opened run.
        pairs: of pictures.
        false_accept_rate: share of different pairs to let through, above 0 to 1, instead of the
            most accurate threshold.
        threshold: the distance to keep, 0 to 2, instead of both; it alone decides then.
        progress: told of pictures embedded.

    Raises:
        DataError: not one pair's pictures can be read.
        UsageError: `false_accept_rate` and `threshold` together, or out of range.
    """
    limit = run.calibration.pick_threshold(false_accept_rate, threshold)
    seen, vectors, skipped = embed_pictures(run, pairs.pictures, progress)
    left, right = np.array(pairs.left), np.array(pairs.right)
    distances = np.linalg.norm(vectors[left] - vectors[right], axis=1)
    probabilities = run.calibration.same_probability(distances)
    rows, kept = [], []
    for place, (one, other) in enumerate(zip(pairs.left, pairs.right, strict=True)):
        first, second = seen[one], seen[other]
        if first is None or second is None:
            continue
        distance, probability = float(distances[place]), float(probabilities[place])
        verdict, reason = decide_pair(
            distance, probability, limit, (first, second), by_hand=threshold is not None
        )
        names = pairs.pictures[one][0], pairs.pictures[other][0]
        rows.append(PairRow(*names, verdict, distance, probability, reason, pairs.same[place]))
        kept.append(place)
    if not rows:
        raise DataError(f"No pair can be read. The first picture that cannot: {skipped[0].reason}")
    told = np.array(kept)[[row.same is not None for row in rows]]
    same = np.array([row.same for row in rows if row.same is not None], np.int8)
    scores = None
    if same.any() and not same.all():
        scores = score_pairs(distances[told], same, left[told], right[told], threshold=limit)
    return PairVerdicts(run.name, limit, tuple(rows), tuple(skipped), scores)


def embed_pictures(
    run: OpenRun, pictures: Sequence[tuple[str, Source]], progress: Progress
) -> tuple[list[Prepared | None], Vectors, list[Skipped]]:
    """Return what each picture shows, None where it cannot be read; embeddings float32 (n, dim)."""
    seen: list[Prepared | None] = []
    skipped: list[Skipped] = []
    vectors = np.zeros((len(pictures), run.encoder.dim), np.float32)
    for batch in join_portions(read_ahead(pictures, run.config.preparation), BATCH):
        good = [one for one in batch if isinstance(one, PreparedPicture)]
        rows = [len(seen) + at for at, one in enumerate(batch) if isinstance(one, PreparedPicture)]
        if good:
            vectors[rows] = run.encoder.encode(np.stack([one.prepared.pixels for one in good]))
        for one in batch:
            if isinstance(one, PreparedPicture):
                seen.append(dataclasses.replace(one.prepared, pixels=NO_PIXELS, steps=()))
            else:
                seen.append(None)
                skipped.append(Skipped(one.input, one.error))
        progress("Embedding", len(seen), len(pictures))
    return seen, vectors, skipped
