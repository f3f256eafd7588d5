"""A gallery's map: where each item lies, computed once and kept in step with what is indexed."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np

from siam.array_types import Booleans, Integers, Vectors
from siam.engine.projection.layout import lay_out, place_among
from siam.index.matches import Matches
from siam.index.reader import Reader
from siam.progress import Progress, silent
from siam.unit_vectors import exact_neighbours

__all__ = ["GalleryMap", "compute_map", "follow_gallery", "place_matches"]

# So many are laid out together, drawn by the seed; what is beyond is placed by its neighbours.
MOST_LAID_OUT = 100_000
# Neighbours that say where a picture belongs.
NEIGHBOURS = 10
# Once this share of the items is another than when the map was computed, it is computed anew.
MOST_CHANGED = 0.2


@dataclass(frozen=True)
class GalleryMap:
    """Places in the unit square, of the items of one index.

    Attributes:
        encoder: SHA-256 of the encoder that filled the index.
        ids: int64 (n,), ascending.
        checksums: int64 (n,), CRC-32 of each item's vector as it was when it got its place.
        places: float32 (n, 2), 0 to 1.
        original: bool (n,), whether the item was there when the map was computed.
        computed: how many items there were then.
    """

    encoder: str
    ids: Integers
    checksums: Integers
    places: Vectors
    original: Booleans
    computed: int

    def places_of(self, ids: Integers) -> Vectors:
        """Return items' places: float32 (..., 2) for int64 ids (...), NaN for one without."""
        if not len(self.ids):
            return np.full((*ids.shape, 2), np.nan, np.float32)
        rows = np.searchsorted(self.ids, ids).clip(max=len(self.ids) - 1)
        there = (self.ids[rows] == ids)[..., None]
        return np.where(there, self.places[rows], np.float32(np.nan))


def compute_map(gallery: Reader, *, seed: int = 0, progress: Progress = silent) -> GalleryMap:
    """Give every item of an index a place.

    Args:
        gallery: an opened index.
        seed: fixes the map, on the same machine.
        progress: told of neighbours found, and of steps made.

    Raises:
        MissingExtraError: openTSNE is not installed, and there are 50 items or more.
        StoreError: the index is damaged.

    Example:
        >>> import tempfile
        >>> from siam.index.gallery import Gallery
        >>> with Gallery.create(tempfile.mkdtemp(), dim=3, encoder_hash="e1") as gallery:
        ...     _ = gallery.add(np.eye(3)[:2], keys=["a", "b"])
        ...     compute_map(gallery).places.tolist()
        [[1.0, 0.5], [0.0, 0.5]]
    """
    ids, vectors = gallery.everything()
    drawn = np.random.default_rng(seed).permutation(len(ids))
    together, beyond = np.sort(drawn[:MOST_LAID_OUT]), np.sort(drawn[MOST_LAID_OUT:])
    places = np.empty((len(ids), 2), np.float32)
    places[together] = lay_out(vectors[together], seed=seed, progress=progress)
    places[beyond] = place_by_vectors(vectors[beyond], vectors[together], places[together])
    checksums = np.fromiter(map(crc32, vectors), np.int64, len(ids))
    original = np.ones(len(ids), bool)
    return GalleryMap(gallery.encoder_hash, ids, checksums, places, original, len(ids))


def follow_gallery(known: GalleryMap, gallery: Reader) -> GalleryMap | None:
    """Return a map with the items that the index has now: what is new stands by its neighbours.

    Args:
        known: the map until now.
        gallery: the index.

    Returns:
        `known` itself where nothing changed; None where it is of another encoder, or more than a
        fifth of the items changed since it was computed, which is to be done anew.

    Raises:
        StoreError: the index is damaged.
    """
    if known.encoder != gallery.encoder_hash:
        return None
    ids, checksums = gallery.checksums()
    if np.array_equal(ids, known.ids) and np.array_equal(checksums, known.checksums):
        return known
    _, rows, kept = np.intersect1d(known.ids, ids, assume_unique=True, return_indices=True)
    same = known.checksums[rows] == checksums[kept]
    rows, kept = rows[same], kept[same]
    original = np.zeros(len(ids), bool)
    original[kept] = known.original[rows]
    there = int(original.sum())
    if known.computed - there + len(ids) - there > MOST_CHANGED * known.computed:
        return None
    places = np.empty((len(ids), 2), np.float32)
    places[kept] = known.places[rows]
    new = np.setdiff1d(np.arange(len(ids)), kept, assume_unique=True)
    if len(new):
        places[new] = place_by_vectors(
            gallery.vectors_of(ids[new]), gallery.vectors_of(ids[kept]), places[kept]
        )
    return GalleryMap(known.encoder, ids, checksums, places, original, known.computed)


def place_by_vectors(vectors: Vectors, among: Vectors, places: Vectors) -> Vectors:
    """Return where vectors belong, float32 (n, 2), among others that have places."""
    near = exact_neighbours(vectors, among, NEIGHBOURS)
    return place_among(places[near.positions], near.distances)


def place_matches(known: GalleryMap, matches: Matches) -> Vectors:
    """Return where each query of a search belongs: float32 (n, 2), NaN where no neighbour is.

    Args:
        known: the map.
        matches: what the search found; the nearest ten say it.
    """
    ids, distances = matches.ids[:, :NEIGHBOURS], matches.distances[:, :NEIGHBOURS]
    return place_among(known.places_of(ids), distances)
