"""What pictures are judged by: embeddings of a run, or of networks that each left a fold out."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from siam.array_types import Booleans, Floats, Integers, Pictures, Vectors
from siam.datasets.dataset import Split
from siam.engine.audit.label_quality import cross_fit, stratified_folds
from siam.engine.audit.pictures import AuditedPictures
from siam.engine.recipe_choice import choose_recipe, choose_training
from siam.parallel import parallel_map
from siam.progress import Progress, Stage, silent
from siam.siamese.encoder import Encoder, LiteEncoder

__all__ = ["Space", "Spaces", "choose_shape", "fold_spaces", "run_spaces"]

FOLDS = 5
ROWS = 4096
# Of each fold, for the training to watch.
WATCHED, PROBES = 1000, 256


@dataclass(frozen=True)
class Space:
    """The embeddings of one network.

    Attributes:
        vectors: float32 (n, dim), of every picture.
        judged: bool (n,), the pictures that are judged in it.
    """

    vectors: Vectors
    judged: Booleans


@dataclass(frozen=True)
class Spaces:
    """One space, or one a fold.

    Attributes:
        spaces: each picture is judged in one of them.
        folds: int64 (n,), 0 or more; none is judged by pictures of its own.
        spherical: whether classes are taken for spheres.
    """

    spaces: Sequence[Space]
    folds: Integers
    spherical: bool = False

    def scores(self, labels: Integers, *, classes: int, trim: bool = True) -> Floats:
        """Return how likely each class is for each picture, as `cross_fit` does.

        Args:
            labels: int64 (n,), 0 to classes - 1.
            classes, trim: as for `cross_fit`.
        """
        scores = np.empty((len(labels), classes))
        for space in self.spaces:
            folds = self.folds if len(self.spaces) == 1 else (~space.judged).astype(np.int64)
            own = cross_fit(
                space.vectors, labels, folds, classes=classes, spherical=self.spherical, trim=trim
            )
            scores[space.judged] = own[space.judged]
        return scores


def choose_shape(spaces: Spaces, labels: Integers, *, classes: int) -> Spaces:
    """Take classes for spheres where that says as many of the labels as one covariance does.

    Args:
        spaces: what pictures are judged in.
        labels: int64 (n,), 0 to classes - 1, as they were given.
        classes: how many there are.
    """
    shapes = [dataclasses.replace(spaces, spherical=spherical) for spherical in (True, False)]
    told = [shape.scores(labels, classes=classes, trim=False).argmax(axis=1) for shape in shapes]
    right = [np.count_nonzero(one == labels) for one in told]
    return shapes[0] if right[0] >= right[1] else shapes[1]


def run_spaces(
    encoder: Encoder, pictures: AuditedPictures, *, seed: int, progress: Progress = silent
) -> Spaces:
    """Embed every picture by a run's encoder; the classes alone are fitted fold by fold.

    Args:
        encoder: the run's.
        pictures: what is audited.
        seed: fixes the folds.
        progress: told of pictures embedded.
    """
    vectors = encode(encoder, pictures.pictures, progress)
    folds = stratified_folds(pictures.labels, FOLDS, seed=seed)
    own = Space(vectors, np.ones(len(folds), bool))
    return choose_shape(Spaces([own], folds), pictures.labels, classes=len(pictures.classes))


def fold_spaces(
    pictures: AuditedPictures, folds: int, *, seed: int, progress: Progress = silent
) -> Spaces:
    """Train a network of the preset `quick` without each fold, and embed every picture by it.

    Args:
        pictures: what is audited.
        folds: networks, 2 or more.
        seed: fixes the folds and each training.
        progress: told of the training and of pictures embedded.

    Raises:
        DivergenceError: a loss became infinite or no number.
    """
    from siam.siamese.export import export_litert
    from siam.siamese.network import tower_of
    from siam.siamese.training import train_network

    labels, pixels = pictures.labels, pictures.pictures
    fold_of = stratified_folds(labels, folds, seed=seed)
    recipe = choose_recipe(
        choose_training(preset="quick", seed=seed),
        len(labels) * (folds - 1) // folds,
        classes=len(pictures.classes),
        chain=pictures.preparation.chain,
    )
    spaces = []
    for fold in range(folds):
        own, rest = np.flatnonzero(fold_of == fold), np.flatnonzero(fold_of != fold)

        def tell(what: str, done: int, total: int, fold: int = fold) -> None:
            progress(Stage(f"{what}, network {fold + 1} of {folds}"), done, total)

        with tempfile.TemporaryDirectory() as folder:
            trained = train_network(
                split_of(pictures, rest),
                split_of(pictures, own[:WATCHED]),
                recipe=recipe,
                seed=seed + fold,
                folder=Path(folder),
                progress=tell,
            )
            file = Path(folder) / "encoder.tflite"
            export_litert(tower_of(trained.network), file, pixels[own[:PROBES]])
            vectors = encode(LiteEncoder(file), pixels, tell)
        spaces.append(Space(vectors, fold_of == fold))
    return choose_shape(Spaces(spaces, fold_of), labels, classes=len(pictures.classes))


def split_of(pictures: AuditedPictures, rows: Integers) -> Split:
    """Return some of the pictures as a split."""
    origins = tuple(pictures.keys[row] for row in rows)
    return Split(pictures.pictures[rows], pictures.labels[rows], origins)


def encode(encoder: Encoder, pictures: Pictures, progress: Progress) -> Vectors:
    """Embed pictures, some thousand at a time."""
    vectors = np.empty((len(pictures), encoder.dim), np.float32)
    starts = range(0, len(pictures), ROWS)

    def embed(start: int) -> tuple[int, Vectors]:
        return start, encoder.encode(pictures[start : start + ROWS])

    progress("Embedding", 0, len(pictures))
    for start, part in parallel_map(embed, starts, ahead=1, workers=2):
        vectors[start : start + ROWS] = part
        progress("Embedding", start + len(part), len(pictures))
    return vectors
