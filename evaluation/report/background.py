"""What a report shows of the test embeddings alone, worked out while they are measured."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

import numpy as np

from siam.array_types import Floats, Integers
from siam.evaluation.distances import Embedded
from siam.evaluation.mistakes import WorstPairs, worst_pairs
from siam.evaluation.report.embedding_map import MAPPED, project
from siam.parallel import begin

__all__ = ["SHOWN", "Background", "work_ahead"]

# Pairs of each kind, and wrong labels.
SHOWN = 12


@dataclass(frozen=True)
class Background:
    """What was begun; to ask for a result is to wait for it.

    Attributes:
        rows: int64 (m,), which of the test pictures are on the map.
        places: of each of them, float64 (m, 2).
        worst: the closest pairs of different classes and the farthest pairs of one class.
    """

    rows: Integers
    places: Future[Floats]
    worst: Future[tuple[WorstPairs, WorstPairs]]


@contextlib.contextmanager
def work_ahead(test: Embedded, *, seed: int) -> Iterator[Background]:
    """Begin what takes a report seconds, in threads beside whatever the block does.

    A BLAS has one thread in the block: several would wait for each other by computing, and who
    limits them for a while must not do so while another gives them back.

    Args:
        test: the test pictures.
        seed: chooses those on the map, and fixes it.

    Example:
        >>> with work_ahead(Embedded(np.eye(2), np.array([0, 1])), seed=0) as background:
        ...     background.places.result().shape
        (2, 2)
    """
    from threadpoolctl import threadpool_limits

    rows = np.random.default_rng(seed).permutation(len(test.labels))[:MAPPED]
    with threadpool_limits(1, "blas"):
        yield Background(
            rows,
            begin(partial(project, test.embeddings[rows], seed=seed)),
            begin(partial(worst_pairs, test, SHOWN)),
        )
