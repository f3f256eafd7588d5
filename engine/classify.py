"""Name pictures by a baseline that a comparison kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from siam.classifiers.deployed import Classify, open_classifier
from siam.engine.comparison.contestants import SIAMESE
from siam.engine.comparison.figures import find_comparison, read_comparison, verify
from siam.errors import PictureError, RunError, UsageError
from siam.pictures.preparation import Preparation, prepare_picture
from siam.pictures.reading import Source, read_picture

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
        error: why the picture could not be read.
    """

    input: str
    labels: tuple[tuple[str, float], ...] = ()
    notes: tuple[str, ...] = ()
    error: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as `siam classify --json` documents it."""
        if self.error:
            return {"input": self.input, "error": self.error}
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
    content = read_comparison(folder)
    there = {one["name"]: one for one in content["models"] if one["name"] != SIAMESE}
    if not there:
        raise RunError(
            f"The comparison in {folder} holds no classifier.", "Compare again:  siam compare"
        )
    if style is not None and style not in there:
        raise UsageError(f"--style takes {', '.join(there)} here, received {style!r}.")
    name = style or max(there, key=lambda each: there[each]["seen"]["accuracy"])
    file = next(
        f for f in (f"{name}.tflite", f"{name}.keras") if f in {*content["files"], f"{name}.keras"}
    )
    verify(folder, content, file)
    return KeptClassifier(
        name=name,
        dataset=content["dataset"],
        classes=tuple(content["classes"]),
        preparation=Preparation.from_dict(content["preparation"]),
        classify=open_classifier(folder, name),
    )


def classify_pictures(
    classifier: KeptClassifier, sources: Sequence[tuple[str, Source]]
) -> Iterator[Named]:
    """Name each picture in order; one that cannot be read has an `error` instead.

    Args:
        classifier: what names them.
        sources: (name, source) of each picture.
    """
    for name, source in sources:
        try:
            prepared = prepare_picture(read_picture(source), classifier.preparation)
        except PictureError as error:
            yield Named(name, error=f"{name}: {error.problem}")
            continue
        probabilities = classifier.classify(prepared.pixels[None])[0]
        order = (-probabilities).argsort(kind="stable")[:MOST_LABELS]
        labels = tuple((classifier.classes[i], float(probabilities[i])) for i in order)
        yield Named(name, labels, prepared.notes)
