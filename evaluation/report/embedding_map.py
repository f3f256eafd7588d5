"""A 2-D map of the embeddings: pictures of one class should lie together, away from the others.

t-SNE (van der Maaten and Hinton 2008) on at most 1,200 pictures; distances between clusters, and
their sizes, mean little in it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from siam.array_types import Floats, Integers, Vectors
from siam.evaluation.report.svg import figure, to_svg

__all__ = ["MAPPED", "class_colours", "map_plot", "project"]

# Enough to see each class; twice as many take more than twice the time.
MAPPED = 1200
# Below this t-SNE has too few neighbours to work with.
FEWEST_FOR_TSNE = 50


def project(embeddings: Vectors, *, seed: int = 0) -> Floats:
    """Return a place on the map for each embedding, float64 (n, 2).

    Args:
        embeddings: float32 (n, dim), unit rows, at most a few thousand.
        seed: fixes the map.
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    count, dim = embeddings.shape
    if count < 3 or dim < 2:
        places = np.zeros((count, 2))
        places[:, 0] = np.arange(count)
        return places
    if count < FEWEST_FOR_TSNE:
        places = PCA(2, random_state=seed).fit_transform(embeddings)
        return np.asarray(places, np.float64)
    method = TSNE(perplexity=min(30, count // 4), init="pca", max_iter=500, random_state=seed)
    # Its threads wait for each other after every one of many short steps: on two busy cores they
    # took 69 s for what one does in 12.
    with threadpool_limits(1, "openmp"):
        return np.asarray(method.fit_transform(embeddings.astype(np.float64)), np.float64)


def class_colours(count: int) -> list[str]:
    """Return one colour per class, readable on white and on black."""
    import matplotlib
    from matplotlib.colors import to_hex

    if count <= 10:
        return [to_hex(colour) for colour in matplotlib.colormaps["tab10"].colors[:count]]  # type: ignore[attr-defined]
    return [to_hex(matplotlib.colormaps["hsv"](place / count)) for place in range(count)]


def map_plot(places: Floats, labels: Integers, colours: Sequence[str]) -> str:
    """Plot the map; its points are `<use>` elements within `#map-points`, in the given order.

    Args:
        places: float64 (n, 2), from `project`.
        labels: int64 (n,), positions in `colours`.
        colours: one per class.
    """
    with figure(6.4, 5.2) as (drawing, axes):
        axes.set_axis_off()
        points = axes.scatter(
            places[:, 0], places[:, 1], 9, c=[colours[label] for label in labels], linewidths=0
        )
        points.set_gid("points")
        return to_svg(drawing, "map", "Map of the embeddings, coloured by class")
