"""Places in the plane for embeddings, by t-SNE: what is near in the embedding lies together.

t-SNE (van der Maaten and Hinton 2008) with its repulsion interpolated by FFT (Linderman et al.
2019), as openTSNE has it. Distances between clusters, and their sizes, mean little in it.
"""

from __future__ import annotations

import numpy as np

from siam.array_types import Floats, Integers, Vectors
from siam.errors import need_packages
from siam.parallel import cores
from siam.progress import Progress, silent
from siam.unit_vectors import exact_neighbours

__all__ = ["lay_out", "place_among"]

# Below this t-SNE has too few neighbours to work with.
FEWEST_FOR_TSNE = 50
# Neighbours that hold an item in its place: three times the perplexity, as usual.
NEIGHBOURS = 45
# Steps in which clusters form, their attraction exaggerated, and in which they unfold.
FORMING, UNFOLDING = 100, 250
STEPS_PER_REPORT = 10
# A distance that rounding makes of none.
SAME = 1e-3


def lay_out(vectors: Vectors, *, seed: int = 0, progress: Progress = silent) -> Vectors:
    """Return a place on the map for each vector.

    Args:
        vectors: float32 (n, dim), unit rows.
        seed: fixes the map, on the same machine.
        progress: told of neighbours found, and of steps made.

    Returns:
        float32 (n, 2), 0 to 1, in the middle of the unit square where there is room left.

    Raises:
        MissingExtraError: openTSNE is not installed, and there are 50 vectors or more.

    Example:
        >>> lay_out(np.eye(2, 3, dtype=np.float32)).tolist()
        [[1.0, 0.5], [0.0, 0.5]]
    """
    if not len(vectors):
        return np.empty((0, 2), np.float32)
    places = principal_plane(vectors)
    if len(vectors) >= FEWEST_FOR_TSNE:
        places = unfold(vectors, places, seed, progress)
    return into_unit_square(places)


def principal_plane(vectors: Vectors) -> Floats:
    """Return the two principal components of vectors, float64 (n, 2), the first at most 1e-4 wide.

    So small, t-SNE's first steps are free to part clusters that lie upon each other.
    """
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    _, axes = np.linalg.eigh(centred.T @ centred)
    axes = axes[:, :-3:-1]
    # Either direction of an axis is as good: one of them is chosen, so that the map is the same,
    # also where two numbers are as large but for rounding.
    largest = np.abs(axes).round(6).argmax(axis=0)
    axes = axes * np.sign(axes[largest, range(axes.shape[1])])
    places = np.zeros((len(vectors), 2))
    places[:, : axes.shape[1]] = centred @ axes
    spread: Floats = places / max(float(places[:, 0].std()), SAME) * 1e-4
    return spread


def unfold(vectors: Vectors, places: Floats, seed: int, progress: Progress) -> Floats:
    """Return t-SNE's places, float64 (n, 2), begun from `places`."""
    need_packages("The map of a gallery", "map", "openTSNE")
    k = min(NEIGHBOURS, len(vectors) // 3)
    near = exact_neighbours(vectors, vectors, k, same_set=True, progress=progress)
    # Not before FAISS, which says that threads sleep while they wait for each other: awake, two of
    # them took 23 s for 300 vectors on a busy machine, asleep 4.
    import openTSNE
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    affinities = PerplexityBasedNN(
        knn_index=PrecomputedNeighbors(near.positions, near.distances),
        perplexity=k / 3,
        n_jobs=cores(),
    )
    total, made = FORMING + UNFOLDING, 0

    def report(*_: object) -> None:
        nonlocal made
        made += STEPS_PER_REPORT
        progress("Placing pictures", min(made, total), total)

    embedding = openTSNE.TSNEEmbedding(places, affinities, n_jobs=cores(), random_state=seed)
    steps = {"inplace": True, "callbacks": report, "callbacks_every_iters": STEPS_PER_REPORT}
    embedding.optimize(FORMING, exaggeration=12, momentum=0.5, **steps)
    embedding.optimize(UNFOLDING, momentum=0.8, **steps)
    return np.asarray(embedding, np.float64)


def into_unit_square(places: Floats) -> Vectors:
    """Return places moved and scaled, both axes alike, into the unit square: float32 (n, 2)."""
    low, high = places.min(axis=0), places.max(axis=0)
    side = max(float((high - low).max()), np.finfo(np.float64).tiny)
    square: Vectors = ((places - (low + high) / 2) / side + 0.5).clip(0, 1).astype(np.float32)
    return square


def place_among(places: Vectors, distances: Vectors) -> Vectors:
    """Return where something belongs whose neighbours have places.

    The weighted median of each axis: a neighbour in another cluster does not draw it into the
    empty space between, and a copy of an item lies where the item does.

    Args:
        places: float32 (n, k, 2), of each one's neighbours; NaN for one that has none.
        distances: float32 (n, k), how far they are, 0 to 2, smaller = closer.

    Returns:
        float32 (n, 2); NaN where no neighbour has a place.

    Example:
        >>> near = np.array([[[0.1, 0.2], [0.1, 0.3], [0.9, 0.9]]], np.float32)
        >>> place_among(near, np.array([[0.5, 0.5, 0.5]])).astype(float).round(1).tolist()
        [[0.1, 0.3]]
    """
    weights = np.where(np.isfinite(places[..., 0]), 1 / (distances + SAME) ** 2, 0.0)
    found = np.empty((len(places), 2), np.float32)
    for axis in range(2):
        order: Integers = np.argsort(places[..., axis], axis=1)  # NaN comes last
        shares = np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1)
        middle = (shares >= shares[:, -1:] / 2).argmax(axis=1)[:, None]
        chosen = np.take_along_axis(order, middle, axis=1)
        found[:, axis] = np.take_along_axis(places[..., axis], chosen, axis=1)[:, 0]
    return found
