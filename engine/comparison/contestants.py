"""The contestants of a comparison, trained on equal terms and kept ready to answer."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from siam.array_types import Pictures, Vectors
from siam.engine.comparison.contest import Answers
from siam.progress import Progress
from siam.siamese.encoder import LiteEncoder
from siam.training.native_logs import quiet_native_logs

if TYPE_CHECKING:
    from siam.datasets.dataset import Dataset
    from siam.recipe import Recipe

__all__ = ["BASELINES", "SIAMESE", "STYLES", "Trained", "train_baseline", "train_siamese"]

BASELINES = ("sequential", "functional", "subclassed")
SIAMESE = "siamese"
# The residual baseline is another network, so it enters only when it is named.
STYLES = (*BASELINES, "residual", SIAMESE)
PROBE = 256
TIMED = 2048


@dataclass(frozen=True)
class Trained:
    """A trained contestant.

    Attributes:
        name: a word of `STYLES`.
        answer: what it says of pictures uint8 (n, height, width, channels).
        file: what answers in use: `.tflite`, or `.keras` where the export was not equal.
        parameters: numbers in the part that answers, trained or counted.
        size_bytes: of the `.keras` file.
        training_seconds: wall time, compiling and validation included.
        history: one row per epoch, "loss" and "val_loss" among them.
        pictures_per_second: answered by `file`, on this machine.
    """

    name: str
    answer: Callable[[Pictures], Answers]
    file: Path
    parameters: int
    size_bytes: int
    training_seconds: float
    history: tuple[Mapping[str, float], ...]
    pictures_per_second: float


def train_baseline(
    name: str, dataset: Dataset, recipe: Recipe, seed: int, folder: Path, progress: Progress
) -> Trained:
    """Train one of Keras' styles from nothing, and keep it in `folder`.

    Args:
        name: a word of `STYLES`.
        dataset: train and validation splits are used.
        recipe: the terms, equal for all.
        seed: fixes initialisation, order and augmentation.
        folder: where its files go.
        progress: told of steps done.
    """
    with quiet_native_logs(progress):
        from siam.classifiers.deployed import open_classifier, save_classifier
        from siam.classifiers.features import answer_function
        from siam.classifiers.training import train_classifier

    trained = train_classifier(
        name,
        dataset.train,
        num_classes=len(dataset.classes),
        recipe=recipe,
        seed=seed,
        validation=dataset.validation,
        progress=progress,
    )
    progress("Exporting the classifier", 0, 0)
    files = save_classifier(trained.model, folder, dataset.validation.pictures[:PROBE])
    answer = answer_function(trained.model)

    def classifier_answers(pictures: Pictures) -> Answers:
        probabilities, embeddings = answer(pictures)
        return Answers(embeddings, probabilities.argmax(axis=1))

    return Trained(
        name=name,
        answer=classifier_answers,
        file=files[-1],
        parameters=int(trained.model.count_params()),
        size_bytes=files[0].stat().st_size,
        training_seconds=trained.seconds,
        history=trained.history,
        pictures_per_second=speed(open_classifier(folder, name), dataset.validation.pictures),
    )


def train_siamese(
    name: str, dataset: Dataset, recipe: Recipe, seed: int, folder: Path, progress: Progress
) -> Trained:
    """Train the Siamese network; the arguments are those of `train_baseline`."""
    with quiet_native_logs(progress):
        from siam.siamese.export import export_litert
        from siam.siamese.network import tower_of
        from siam.siamese.training import train_network

    workshop = folder / "training"
    workshop.mkdir()
    trained = train_network(
        dataset.train,
        dataset.validation,
        recipe=dataclasses.replace(recipe, plateau_after=0),  # as many epochs as the classifiers
        seed=seed,
        folder=workshop,
        on_device=False,  # as the classifiers are fed
        progress=progress,
    )
    progress("Exporting the encoder", 0, 0)
    network_file, lite_file = folder / f"{name}.keras", folder / f"{name}.tflite"
    trained.network.save(network_file)
    tower = tower_of(trained.network)
    parity = export_litert(tower, lite_file, dataset.validation.pictures[:PROBE])
    encode = LiteEncoder(lite_file).encode if parity.holds else keras_encode(network_file)
    return Trained(
        name=name,
        answer=lambda pictures: Answers(encode(pictures)),
        file=lite_file if parity.holds else network_file,
        parameters=int(tower.count_params()),
        size_bytes=network_file.stat().st_size,
        training_seconds=trained.seconds,
        history=tuple(trained.history),
        pictures_per_second=speed(encode, dataset.validation.pictures),
    )


def keras_encode(network_file: Path) -> Callable[[Pictures], Vectors]:
    """Embed through Keras, where the exported encoder did not answer alike."""
    from siam.siamese.encoder import KerasEncoder

    return KerasEncoder(network_file).encode


def speed(answer: Callable[[Pictures], Vectors], pictures: Pictures) -> float:
    """Return how many pictures a second are answered, warmed up."""
    many = np.resize(pictures, (TIMED, *pictures.shape[1:]))
    answer(many[:PROBE])
    start = time.perf_counter()
    answer(many)
    return TIMED / (time.perf_counter() - start)
