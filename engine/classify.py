"""Name pictures by a baseline that a comparison kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from siam.array_types import Vectors
from siam.classifiers.deployed import Classify, open_classifier
from siam.engine.answers.answer import Unreadable
from siam.engine.comparison.contestants import SIAMESE
from siam.engine.comparison.figures import AGAIN, find_comparison, read_comparison, verify
from siam.engine.reading import PreparedPicture, Source, read_ahead
from siam.errors import DataError, RunError, UsageError
from siam.pictures.preparation import Preparation

__all__ = ["KeptClassifier", "Named", "classify_pictures", "open_kept"]

MOST_LABELS = 3


@dataclass(frozen=True)
class KeptClassifier:
    """A baseline ready to answer.

    Attributes:
        name: its style.
        dataset: what it was trained on.
        classes: the only labels it knows.
        preparation: what a picture goes through.
        classify: prepared pictures to probabilities.
    """

    name: str
    dataset: str
    classes: tuple[str, ...]
    preparation: Preparation
    classify: Classify


@dataclass(frozen=True)
class Named:
    """What a classifier says of one picture.

    Attributes:
        input: the path as it was given, or "-".
        labels: (label, probability 0 to 1), the likeliest first, at most 3.
        notes: what may be wrong with the picture.
    """

    input: str
    labels: tuple[tuple[str, float], ...]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as `siam classify --json` documents it."""
        label, probability = self.labels[0]
        return {
            "input": self.input,
            "label": label,
            "probability": round(probability, 6),
            "labels": [
                {"label": name, "probability": round(share, 6)} for name, share in self.labels
            ],
            "notes": list(self.notes),
        }


def open_kept(style: str | None = None, *, dataset: str | None = None) -> KeptClassifier:
    """Open a baseline of a comparison, checked against what was kept of it.

    Args:
        style: its name; the one of best label accuracy when left out.
        dataset: the comparison's data set; the newest comparison when left out.

    Raises:
        RunError: there is no comparison, or one of its files is missing or changed.
        UsageError: the comparison holds no such classifier.
    """
    folder = find_comparison(dataset)
    kept = read_comparison(folder)
    there = {one.name: one for one in kept.models if one.name != SIAMESE}
    if not there:
        raise RunError(
            f"The comparison in {folder} holds no classifier.", "Compare again:  siam compare"
        )
    if style is not None and style not in there:
        raise UsageError(f"--style takes {', '.join(there)} here, received {style!r}.")
    name = style or max(there, key=lambda each: there[each].seen.accuracy)
    file = next(
        f for f in (f"{name}.tflite", f"{name}.keras") if f in {*kept.files, f"{name}.keras"}
    )
    verify(folder, kept, file)
    classify = open_classifier(folder, name)
    # A record and a network that do not belong together would name classes that are not there.
    blank = np.zeros((1, *kept.preparation.size, kept.preparation.channels), np.uint8)
    try:
        outputs = classify(blank).shape[-1]
    except DataError as error:
        raise RunError(f"{folder / file}: {error.problem}", AGAIN) from error
    if outputs != len(kept.classes):
        raise RunError(
            f"{folder / file} tells {outputs} classes apart, its comparison names "
            f"{len(kept.classes)}.",
            AGAIN,
        )
    return KeptClassifier(name, kept.dataset, kept.classes, kept.preparation, classify)


def classify_pictures(
    classifier: KeptClassifier, sources: Iterable[tuple[str, Source]]
) -> Iterator[Named | Unreadable]:
    """Name each picture in order, or say why it could not be read.

    Args:
        classifier: what names them.
        sources: (name, source) of each picture.
    """
    for portion in read_ahead(sources, classifier.preparation):
        pixels = [one.prepared.pixels for one in portion if isinstance(one, PreparedPicture)]
        answers = classifier.classify(np.stack(pixels)) if pixels else np.zeros((0, 0), np.float32)
        if not np.isfinite(answers).all():
            problem = f"The classifier {classifier.name!r} answers with what is no probability."
            raise RunError(problem, AGAIN)
        rows: Iterator[Vectors] = iter(answers)
        for one in portion:
            if isinstance(one, Unreadable):
                yield one
                continue
            probabilities = next(rows)
            order = (-probabilities).argsort(kind="stable")[:MOST_LABELS]
            labels = tuple((classifier.classes[i], float(probabilities[i])) for i in order)
            yield Named(one.name, labels, one.prepared.notes)
