"""Judge a run: calibrate on validation pictures, then score the test pictures once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from siam.array_types import Integers, Pictures, Vectors
from siam.datasets.dataset import Split
from siam.datasets.probes import make_probes
from siam.engine.index.gallery_check import are_copies, gallery_warnings
from siam.engine.open_run import OpenRun
from siam.errors import need_packages
from siam.evaluation.appearance import Descriptions
from siam.evaluation.calibration import Calibration, write_calibration
from siam.evaluation.distances import Embedded
from siam.evaluation.measure import TEST, Measurements, measure
from siam.evaluation.summary import summarise
from siam.index.gallery import Gallery
from siam.pictures.appearance import describe_pictures
from siam.pictures.thumbnail import decode_thumbnail
from siam.progress import Progress, silent
from siam.run_files import CALIBRATION_FILE
from siam.runs.config import RunConfig
from siam.runs.held_out import load_held_out
from siam.runs.lifecycle import run_name
from siam.siamese.encoder import Encoder

__all__ = [
    "EmbeddedRun",
    "calibrate",
    "embed_run",
    "embed_validation",
    "index_commit",
    "measure_run",
    "summarise_run",
]

# Chains that every picture goes through, those trained on too. MNIST's digits come as they are: to
# tell pictures from them by their looks is to tell what preparation leaves behind.
FILES_PREPARED = ("glyph", "photo")
# Training pictures whose looks are described.
DESCRIBED = 2_000
TRAINED_ON = "split=train or split=validation"


@dataclass(frozen=True)
class EmbeddedRun:
    """A run's pictures as embeddings.

    Attributes:
        test: what is scored.
        gallery: what queries are compared with: training and validation pictures.
        train: the training pictures of the gallery alone.
        gallery_ids: int64 (n,), the gallery's pictures in the index.
        out_of_distribution: kind -> float32 (m, dim), pictures that should match nothing, made
            of the test pictures: scored.
        probes: these pictures, uint8 (m, height, width, channels).
        validation: pictures that thresholds are chosen by, not embedded yet.
        test_pictures: uint8 (n, height, width, channels), in the order of `test`.
        test_files: where each test picture came from.
        warnings: what must be said before any figure, in sentences.
    """

    test: Embedded
    gallery: Embedded
    train: Embedded
    gallery_ids: Integers
    out_of_distribution: dict[str, Vectors]
    probes: dict[str, Pictures]
    validation: Split
    test_pictures: Pictures
    test_files: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def embed_run(path: Path, config: RunConfig, encoder: Encoder, gallery: Gallery) -> EmbeddedRun:
    """Embed a run's test pictures anew, and read its gallery's vectors from the index.

    Indexed pictures of the very content of test pictures are left out of the gallery.

    Raises:
        RunError: a file is missing or damaged.
        StoreError: the index holds too few of the pictures that the run was trained on.
    """
    validation, test = load_held_out(path, classes=len(config.classes))
    whole, ids = indexed(gallery, TRAINED_ON, config.classes)
    copied = are_copies(gallery, ids, test.pictures)
    whole, ids = Embedded(whole.embeddings[~copied], whole.labels[~copied]), ids[~copied]
    warnings = gallery_warnings(
        path, test.labels, whole.labels, copies=int(copied.sum()), classes=config.classes
    )
    train = np.isin(ids, gallery.select("split=train"))
    probes = make_probes(test.pictures, seed=config.train.seed)
    return EmbeddedRun(
        test=Embedded(encoder.encode(test.pictures), test.labels),
        gallery=whole,
        train=Embedded(whole.embeddings[train], whole.labels[train]),
        gallery_ids=ids,
        out_of_distribution={kind: encoder.encode(pictures) for kind, pictures in probes.items()},
        probes=probes,
        validation=validation,
        test_pictures=test.pictures,
        test_files=test.origins,
        warnings=warnings,
    )


def indexed(gallery: Gallery, where: str, classes: tuple[str, ...]) -> tuple[Embedded, Integers]:
    """Return the indexed pictures that a filter lets through, of the classes trained on, and ids.

    A label that was added or changed since training is not what test pictures are judged by.
    """
    ids = gallery.select(where)
    number = {name: position for position, name in enumerate(classes)}
    labels = np.array([number.get(name, -1) for name in gallery.labels_of(ids)], dtype=np.int64)
    ids, labels = ids[labels >= 0], labels[labels >= 0]
    return Embedded(gallery.vectors_of(ids), labels), ids


def index_commit(gallery: Gallery) -> str:
    """Return what names the state of an index: it changes with every commit."""
    with gallery.catalogue.reading() as connection:
        position = gallery.catalogue.position(connection)
    return f"{position.generation}-{position.mark:016x}"


def calibrate(
    embedded: EmbeddedRun,
    run: Path,
    config: RunConfig,
    encoder: Encoder,
    gallery: Gallery,
    *,
    progress: Progress = silent,
) -> Calibration:
    """Learn what distances mean from validation pictures, and keep it in the run."""
    need_packages("Calibration", "train", "sklearn")
    from siam.evaluation.calibration_fit import fit_calibration

    probes = make_probes(embedded.validation.pictures, seed=config.train.seed)
    descriptions = None
    if config.preparation.chain in FILES_PREPARED:
        ids = np.intersect1d(embedded.gallery_ids, gallery.select("split=train"))
        some = np.random.default_rng(config.train.seed).permutation(ids)[:DESCRIBED]
        thumbnails = [decode_thumbnail(png) for png in gallery.thumbnails(some) if png]
        descriptions = Descriptions(
            np.concatenate([describe_pictures(one[None]) for one in thumbnails]),
            describe_pictures(embedded.validation.pictures),
            {kind: describe_pictures(pictures) for kind, pictures in probes.items()},
        )
    calibration = fit_calibration(
        embed_validation(embedded.validation, encoder, gallery),
        embedded.train,
        probes={kind: encoder.encode(pictures) for kind, pictures in probes.items()},
        descriptions=descriptions,
        progress=progress,
    )
    write_calibration(run / CALIBRATION_FILE, calibration)
    return calibration


def embed_validation(validation: Split, encoder: Encoder, gallery: Gallery) -> Embedded:
    """Return validation pictures embedded: from the index where it holds them all."""
    ids = gallery.ids_of(validation.origins)
    if len(ids) == len(validation):
        vectors = gallery.vectors_of([ids[key] for key in validation.origins])
    else:
        vectors = encoder.encode(validation.pictures)
    return Embedded(vectors, validation.labels)


def measure_run(
    run: OpenRun,
    embedded: EmbeddedRun,
    *,
    false_accept_rate: float | None = None,
    threshold: float | None = None,
    progress: Progress = silent,
) -> Measurements:
    """Score the test pictures against the gallery, at the run's operating point or another."""
    need_packages("siam evaluate", "train", "sklearn")
    unlikeness = {}
    if run.calibration.appearance is not None:
        unlikeness = {
            kind: run.calibration.appearance.unlikeness(describe_pictures(pictures))
            for kind, pictures in {TEST: embedded.test_pictures, **embedded.probes}.items()
        }
    return measure(
        embedded.test,
        embedded.gallery,
        run.calibration,
        classes=run.config.classes,
        groups=run.config.groups,
        out_of_distribution=embedded.out_of_distribution,
        unlikeness=unlikeness,
        false_accept_rate=false_accept_rate,
        threshold=threshold,
        seed=run.config.train.seed,
        progress=progress,
    )


def summarise_run(
    run: OpenRun,
    embedded: EmbeddedRun,
    measured: Measurements,
    unseen: Mapping[str, Any] | None = None,
    base: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Put the figures of a run together; see docs/evaluation.md."""
    return summarise(
        measured,
        run.calibration,
        run=run_name(run.path),
        dataset=run.config.name,
        warnings=embedded.warnings,
        unseen=unseen,
        base=base,
        chain=run.config.preparation.chain,
        pretrained=run.config.tower is not None,
    )
