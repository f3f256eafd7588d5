"""Learn from the pictures that are hardest to place, once the network has seen them all.

Most of a data set is soon learned and teaches nothing more. After the first, second, fourth,
eighth ... epoch every picture is ranked by how far it still is from its own class, and until the
next ranking the distorted epochs draw from the hardest of each class alone. They keep their
number of steps, so the hard ones are seen more often and the training takes no longer. Where more
than a few pictures lie clearly in another class, they are more likely labelled wrongly than hard,
and are left out.

B. Sorscher et al., "Beyond neural scaling laws: beating power law scaling via data pruning",
NeurIPS 2022 (keep the hard where data is plenty); A. Shrivastava, A. Gupta, R. Girshick, "Training
Region-based Object Detectors with Online Hard Example Mining", CVPR 2016.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np

from siam.array_types import Integers, Pictures, Reals, Vectors
from siam.atomic import replacing
from siam.datasets.arrays import open_arrays
from siam.errors import RunError
from siam.progress import Progress, silent
from siam.run_files import RANKING_FILE
from siam.training.distribution import alone
from siam.training.feed import BatchFeed
from siam.training.processes import process, share
from siam.training.quarter_turns import TURNS

__all__ = [
    "HardExampleMining",
    "hardest_per_class",
    "misplacement",
    "wrong_label_limit",
]

BATCH = 1000
# Nearer another class than its own by more than this cosine: clearly in that other class.
CLEARLY_ELSEWHERE = 0.5
# Of well labelled pictures a smaller share lies there (MNIST's are in docs/measurements.md).
FEW = 0.01


def misplacement(embeddings: Vectors, labels: Integers) -> Vectors:
    """How much nearer each embedding is to another class's mean direction than to its own.

    Args:
        embeddings: float32 (n, dim), rows of unit length.
        labels: int64 (n,), of two classes or more.

    Returns:
        float32 (n,), -2 to 2: the cosine to the nearest other class less the one to its own;
        larger = harder, above 0 = nearer another class.

    Example:
        >>> embeddings = np.array([[1, 0], [0, 1], [0, 1]], np.float32)
        >>> misplacement(embeddings, np.array([0, 1, 1])).tolist()
        [-1.0, -1.0, -1.0]
    """
    classes, own = np.unique(labels, return_inverse=True)
    means = np.stack([embeddings[own == label].mean(axis=0) for label in range(len(classes))])
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
    cosines = embeddings @ means.T
    rows = np.arange(len(own))
    to_own = cosines[rows, own].copy()
    cosines[rows, own] = -np.inf
    margins: Vectors = cosines.max(axis=1) - to_own
    return margins


def hardest_per_class(
    hardness: Reals, labels: Integers, *, share: float, limit: float = np.inf
) -> Integers:
    """Return the positions of the hardest share of every class, two pictures of each at least.

    Args:
        hardness: (n,), larger = harder.
        labels: int64 (n,).
        share: of a class's pictures, above 0 to 1.
        limit: pictures harder than this are taken only where the others do not suffice, the least
            hard of them first.

    Returns:
        int64, ascending.

    Example:
        >>> hardness = np.array([3.0, 1.0, 2.0, 0.0, 5.0])
        >>> labels = np.array([0, 0, 0, 0, 1])
        >>> hardest_per_class(hardness, labels, share=0.5).tolist()
        [0, 2, 4]
        >>> hardest_per_class(hardness, labels, share=0.5, limit=2.5).tolist()
        [1, 2, 4]
    """
    chosen = []
    beyond = hardness > limit
    order = np.lexsort((np.where(beyond, hardness, -hardness), beyond))
    for label in np.unique(labels):
        own = order[labels[order] == label]
        chosen.append(own[: max(2, round(share * len(own)))])
    return np.sort(np.concatenate(chosen))


def wrong_label_limit(hardness: Reals) -> float:
    """Return the misplacement beyond which a picture is likelier labelled wrongly than hard.

    Args:
        hardness: (n,), misplacements, larger = harder.

    Returns:
        0.5 where more than one picture in a hundred lies beyond it; infinity where fewer do, since
        so few may be the ones that teach most.

    Example:
        >>> wrong_label_limit(np.array([0.9, -1.0, -1.0]))
        0.5
        >>> wrong_label_limit(np.array([0.9] + 199 * [-1.0]))
        inf
    """
    elsewhere = float((hardness > CLEARLY_ELSEWHERE).mean())
    return CLEARLY_ELSEWHERE if elsewhere > FEW else float("inf")


class HardExampleMining(keras.callbacks.Callback):
    """Let a feed draw from the hardest pictures; must come before the feed is turned.

    Args:
        tower: embeds the pictures; the network that is trained, or part of it.
        feed: what is learned from.
        share: of every class's pictures, the hardest, that distorted epochs draw from.
        folder: keeps the ranking, so that a resumed training draws what it would have drawn.
        progress: told when pictures are ranked.
    """

    def __init__(
        self,
        tower: keras.Model,
        feed: BatchFeed,
        *,
        share: float,
        folder: Path,
        progress: Progress = silent,
    ) -> None:
        super().__init__()
        self.tower = tower
        self.feed = feed
        self.share = share
        self.path = folder / RANKING_FILE
        self.progress = progress

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Rank before epochs 1, 2, 4, 8 ... (counted from 0); draw from all in plain ones."""
        if epoch == 0 or not self.feed.varies(epoch):
            self.feed.draw_from = None
        elif epoch & (epoch - 1) == 0:
            self.feed.draw_from = self._rank(epoch)
        elif self.feed.draw_from is None:
            _, self.feed.draw_from = self._kept()

    def _kept(self) -> tuple[int, Integers]:
        """Return the epoch of the ranking that was kept, -1 where it does not say, and itself."""
        split, turns = self.feed.split, TURNS if self.feed.quarter_turns else 1
        try:
            with open_arrays(self.path) as kept:
                positions, epoch = kept["positions"], kept.get("epoch", -1)
            if positions.dtype != np.int64 or positions.ndim != 1 or np.size(epoch) != 1:
                raise ValueError("it holds no positions")
            if not len(positions) or positions.min() < 0 or positions.max() >= turns * len(split):
                raise ValueError("it is of other pictures")
            classes = np.unique(split.labels[positions % len(split)])
            if not np.array_equal(classes, np.unique(split.labels[split.labels >= 0])):
                raise ValueError("it is of other classes")
            return int(epoch), positions
        except (FileNotFoundError, ValueError, TypeError) as error:
            raise RunError(
                f"{self.path} cannot be used to go on ({error}).",
                f"Remove {self.path.parent} and train the run again.",
            ) from error

    def _rank(self, epoch: int) -> Integers:
        if self.path.exists():
            ranked, positions = self._kept()
            if ranked == epoch:  # which was cut: the tower has learned since it began
                return positions
        split = self.feed.split
        # Outliers stand behind the pictures of classes, and are of none.
        known = int((split.labels >= 0).sum())
        self.progress("Ranking pictures by hardness", 0, 0)
        pictures, labels = split.pictures[:known], split.labels[:known]
        positions = np.zeros(0, np.int64)
        if process()[0] == 0:  # another machine might round otherwise, and rank otherwise
            embeddings = self._embed(pictures)
            hardness = misplacement(embeddings, labels)
            limit = wrong_label_limit(hardness)
            positions = hardest_per_class(hardness, labels, share=self.share, limit=limit)
        positions = np.frombuffer(share(positions.tobytes()), np.int64)
        if self.feed.quarter_turns:
            turned = np.arange(TURNS)[:, np.newaxis] * len(split)
            positions = (turned + positions).ravel()
        with replacing(self.path) as temporary, temporary.open("wb") as target:
            np.savez(target, positions=positions, epoch=epoch)
        return positions

    def _embed(self, pictures: Pictures) -> Vectors:
        if process()[1] == 1:
            embeddings: Vectors = self.tower.predict(pictures, batch_size=BATCH, verbose=0)
            return embeddings
        with alone():  # the others take no part
            tower = keras.models.clone_model(self.tower)
            tower.set_weights(self.tower.get_weights())
            return np.asarray(tower.predict(pictures, batch_size=BATCH, verbose=0))
