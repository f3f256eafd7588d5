"""Vectors that lie in clusters, as trained embeddings do, a gallery of them, and the oracle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import faiss
import numpy as np
import pytest

from siam.index.gallery import Gallery
from siam.index.matches import Matches

DIM = 16
COUNT = 600


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Tests share the machine: FAISS's threads would wait for each other."""
    faiss.omp_set_num_threads(1)


def _clustered(count: int, dim: int = DIM, *, seed: int = 0, clusters: int = 10) -> np.ndarray:
    """Return unit vectors float32 (count, dim); vector i lies in cluster i modulo `clusters`."""
    generator = np.random.default_rng(seed)
    centres = np.random.default_rng(99).standard_normal((clusters, dim))
    vectors = centres[np.arange(count) % clusters] + 0.4 * generator.standard_normal((count, dim))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def _nearest(
    vectors: np.ndarray, ids: np.ndarray, queries: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return ids and distances (queries, k) of the nearest rows; -1 and infinity past the end."""
    found_ids = np.full((len(queries), k), -1, np.int64)
    found = np.full((len(queries), k), np.inf)
    for row, query in enumerate(queries.astype(np.float64)):
        distances = np.sqrt(((vectors.astype(np.float64) - query) ** 2).sum(axis=1))
        order = np.lexsort((ids, distances))[:k]
        found_ids[row, : len(order)] = ids[order]
        found[row, : len(order)] = distances[order]
    return found_ids, found


def _assert_equal(matches: Matches, expected: tuple[np.ndarray, np.ndarray]) -> None:
    """Compare by distance, and by id where no other lies within rounding."""
    ids, distances = expected
    np.testing.assert_allclose(matches.distances, distances, atol=2e-6)
    differing = matches.ids != ids
    for row, column in zip(*np.nonzero(differing), strict=True):
        twins = np.isclose(distances[row], distances[row, column], atol=2e-6)
        assert twins.sum() > 1 or column == ids.shape[1] - 1


@pytest.fixture(scope="session")
def clustered() -> Callable[..., np.ndarray]:
    """Give tests the function that makes vectors."""
    return _clustered


@pytest.fixture(scope="session")
def nearest() -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """Give tests the brute-force oracle."""
    return _nearest


@pytest.fixture(scope="session")
def assert_equal() -> Callable[..., None]:
    """Give tests the comparison with the oracle."""
    return _assert_equal


@pytest.fixture
def vectors() -> np.ndarray:
    return _clustered(COUNT)


@pytest.fixture
def gallery(tmp_path: Path, vectors: np.ndarray) -> Iterator[Gallery]:
    with Gallery.create(tmp_path / "index", dim=DIM, encoder_hash="e" * 64) as made:
        made.add(
            vectors,
            keys=[f"k{i}" for i in range(COUNT)],
            labels=np.arange(COUNT) % 10,
            splits=["train" if i % 3 else "test" for i in range(COUNT)],
            metas=[{"rank": i, "taken": f"2024-{1 + i % 12:02}-01"} for i in range(COUNT)],
            thumbnails=[b"png%d" % i if i % 2 else None for i in range(COUNT)],
        )
        yield made
