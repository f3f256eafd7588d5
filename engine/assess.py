"""Judge a run: calibrate on validation pictures, then score the test pictures once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from siam.datasets.sampling import sample_pairs
from siam.engine.config import RunConfig
from siam.engine.fill import INDEX_FOLDER
from siam.engine.held_out import load_held_out
from siam.errors import MissingExtraError
from siam.evaluation.calibration import Calibration, write_calibration
from siam.index.gallery import Gallery
from siam.progress import Progress, silent
from siam.siamese.encoder import Encoder

__all__ = ["Embedded", "calibrate", "embed_run", "figures"]

TEST_PAIRS = 20_000
TRAINED_ON = "split=train or split=validation"


@dataclass(frozen=True)
class Embedded:
    """A run's pictures as embeddings, float32 (n, dim) with int64 (n,) labels each.

    Attributes:
        validation: what thresholds are chosen by.
        test: what is scored.
        gallery: what queries are compared with: training and validation pictures.
        train: the training pictures of the gallery alone.
    """

    validation: tuple[np.ndarray, np.ndarray]
    test: tuple[np.ndarray, np.ndarray]
    gallery: tuple[np.ndarray, np.ndarray]
    train: tuple[np.ndarray, np.ndarray]


def embed_run(run: Path, config: RunConfig, encoder: Encoder) -> Embedded:
    """Embed a run's held-out pictures anew, and read its gallery's vectors from the index.

    Raises:
        RunError: a file is missing or damaged.
    """
    validation, test = load_held_out(run)
    with Gallery.open(run / INDEX_FOLDER, encoder_hash=encoder.hash, read_only=True) as gallery:
        whole = vectors_and_labels(gallery, TRAINED_ON, config.classes)
        train = vectors_and_labels(gallery, "split=train", config.classes)
    return Embedded(
        validation=(encoder.encode(validation.pictures), validation.labels),
        test=(encoder.encode(test.pictures), test.labels),
        gallery=whole,
        train=train,
    )


def vectors_and_labels(
    gallery: Gallery, where: str, classes: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the vectors that a filter lets through, with labels as positions in `classes`."""
    ids = gallery.select(where)
    number = {name: position for position, name in enumerate(classes)}
    labels = np.array([number[name] for name in gallery.labels_of(ids)], dtype=np.int64)
    return gallery.vectors_of(ids), labels


def calibrate(embedded: Embedded, path: Path, *, progress: Progress = silent) -> Calibration:
    """Learn what distances mean from validation pictures, and keep it at `path`."""
    need_scikit_learn("Calibration")
    from siam.evaluation.fitting import fit_calibration

    calibration = fit_calibration(*embedded.validation, *embedded.train, progress=progress)
    write_calibration(path, calibration)
    return calibration


def figures(
    embedded: Embedded,
    calibration: Calibration,
    *,
    seed: int,
    far: float | None = None,
    threshold: float | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Score the test pictures: pairs, retrieval, classes, as `siam evaluate --json` has them."""
    need_scikit_learn("siam evaluate")
    from siam.evaluation.pairs import score_pairs
    from siam.evaluation.retrieval import retrieve

    test, labels = embedded.test
    left, right, same = sample_pairs(labels, TEST_PAIRS, seed=seed)
    distances = np.linalg.norm(test[left] - test[right], axis=1)
    limit = calibration.pick_threshold(far, threshold)
    pairs = score_pairs(distances, same, left, right, threshold=limit, seed=seed)
    found = retrieve(test, labels, *embedded.gallery, progress=progress)
    return {
        "pairs": {
            "accuracy": pairs.accuracy,
            "auc": pairs.auc,
            "eer": pairs.eer,
            "threshold": pairs.threshold,
            "count": pairs.count,
        },
        "retrieval": {name: float(value.mean()) for name, value in found.figures().items()},
    }


def need_scikit_learn(what: str) -> None:
    """Say which extra is missing where scikit-learn is not installed."""
    import importlib.util

    if importlib.util.find_spec("sklearn") is None:
        raise MissingExtraError(what, "train")
