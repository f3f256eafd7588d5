"""A finished comparison: its figures, where it is kept, and how it is found again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from siam.atomic import publish_folder, restore_replaced, sha256, write_json
from siam.engine.comparison.contest import Scores
from siam.engine.comparison.contestants import Trained
from siam.errors import RunError, UsageError
from siam.pictures.preparation import Preparation
from siam.runs.runs_folder import runs_folder
from siam.untrusted import read_json

__all__ = [
    "Comparison",
    "Contestant",
    "comparisons_folder",
    "find_comparison",
    "publish",
    "read_comparison",
    "verify",
]

COMPARISON_FILE = "comparison.json"
PAGE_FILE = "comparison.html"
SCHEMA = 1
# Half a million classes of short names, and a history of some thousand epochs.
MOST_BYTES = 16 << 20
AGAIN = "Compare again:  siam compare"


@dataclass(frozen=True)
class Contestant(Trained):
    """One contestant's result.

    Attributes:
        scores: how it did.
        cold_start_seconds: from the start of a process to its first answer.
    """

    scores: Scores
    cold_start_seconds: float

    @property
    def answers_by(self) -> str:
        """Return "LiteRT" or "Keras"."""
        return "LiteRT" if self.file.suffix == ".tflite" else "Keras"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "name": self.name,
            **self.scores.to_dict(),
            "parameters": self.parameters,
            "size_bytes": self.size_bytes,
            "training_seconds": round(self.training_seconds, 3),
            "pictures_per_second": round(self.pictures_per_second, 1),
            "cold_start_seconds": round(self.cold_start_seconds, 3),
            "answers_by": self.answers_by,
            "history": [dict(row) for row in self.history],
        }


@dataclass(frozen=True)
class Comparison:
    """Contestants trained and judged on equal terms.

    Attributes:
        dataset: the data set's name.
        classes: names of the classes trained on.
        unseen_classes: names of the classes held out.
        preparation: what a picture from outside goes through.
        pictures: how many in "train", "validation", "test", "shown" and "asked".
        terms: seed, epochs, batch size, precision, backend and device.
        contestants: in the order in which they were trained.
        verdict: in sentences, when each is the better choice.
    """

    dataset: str
    classes: tuple[str, ...]
    unseen_classes: tuple[str, ...]
    preparation: Preparation
    pictures: dict[str, int]
    terms: dict[str, Any]
    contestants: tuple[Contestant, ...]
    verdict: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "dataset": self.dataset,
            "classes": list(self.classes),
            "unseen_classes": list(self.unseen_classes),
            "pictures": self.pictures,
            "terms": self.terms,
            "models": [contestant.to_dict() for contestant in self.contestants],
            "verdict": list(self.verdict),
        }


def comparisons_folder() -> Path:
    """Return where comparisons are kept: `comparisons` in the runs folder."""
    return runs_folder() / "comparisons"


def publish(comparison: Comparison, folder: Path, name: str) -> Path:
    """Turn a folder in the making into the comparison of its data set, in place of an older one.

    Args:
        comparison: written as `comparison.json`, with the SHA-256 of every other file.
        folder: holds the networks and the page; it stands in `comparisons_folder()`.
        name: of the folder that it becomes.
    """
    files = {path.name: sha256(path) for path in sorted(folder.iterdir()) if path.is_file()}
    content = {
        "schema": SCHEMA,
        **comparison.to_dict(),
        "preparation": comparison.preparation.to_dict(),
        "files": files,
    }
    write_json(folder / COMPARISON_FILE, content)
    place = folder.with_name(name)
    publish_folder(folder, place, replace=True)
    return place


def find_comparison(name: str | None = None) -> Path:
    """Return the folder of a comparison.

    Args:
        name: its data set; the newest one when left out.

    Raises:
        RunError: there is none.
    """
    folder = comparisons_folder()
    restore_replaced(folder)
    files = [path for path in folder.glob(f"*/{COMPARISON_FILE}") if path.parent.name[0] != "."]
    matches = [path for path in files if name in (None, path.parent.name)]
    if matches:
        return max(matches, key=lambda path: path.stat().st_mtime).parent
    if files:
        names = ", ".join(sorted(path.parent.name for path in files))
        raise RunError(f"No comparison of {name!r} is kept, only of: {names}.", AGAIN)
    raise RunError(f"No comparison is kept in {folder.absolute()}.", "Make one:  siam compare")


class Seen(msgspec.Struct, frozen=True):
    """How a contestant did on the classes that it was trained on."""

    accuracy: Annotated[float, msgspec.Meta(ge=0, le=1)]


class KeptModel(msgspec.Struct, frozen=True):
    """What is read of a contestant."""

    name: str
    seen: Seen


class KeptComparison(msgspec.Struct, frozen=True):
    """What is read of `comparison.json`, which may come from anybody; "models" are contestants."""

    schema: Literal[1]
    dataset: str
    classes: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    models: tuple[KeptModel, ...]
    preparation: Preparation
    files: dict[str, str]


def read_comparison(folder: Path) -> KeptComparison:
    """Read what `publish` wrote.

    Raises:
        RunError: it is damaged.
    """
    path = folder / COMPARISON_FILE
    try:
        return read_json(path, KeptComparison, most=MOST_BYTES)
    except (FileNotFoundError, ValueError, UsageError) as error:
        raise RunError(f"{path} cannot be read ({error}).", AGAIN) from error


def verify(folder: Path, kept: KeptComparison, name: str) -> None:
    """Check one file of a comparison against the SHA-256 that was kept.

    Raises:
        RunError: it is missing or was changed.
    """
    path = folder / name
    if not path.exists():
        raise RunError(f"{path} is missing.", AGAIN)
    if kept.files.get(name) != sha256(path):
        raise RunError(f"{path} is not the file that was trained (its SHA-256 differs).", AGAIN)
