"""Labelling a folder picture by picture: what to ask next, labels kept at once, and taken back.

Each label is one commit to the run's index, as `siam index add PICTURE --label LABEL` makes it, so
that whatever ends the work between two of them loses nothing, and another process may write too.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from siam.engine.answers.answer import Answer
from siam.engine.answers.decision import decide_each
from siam.engine.index.sync import add
from siam.engine.labelling.queue import distance_to_boundary, rank_answers, rank_pictures
from siam.engine.open_run import OpenRun
from siam.engine.query import QueryOptions, query_pictures
from siam.errors import DataError, UsageError
from siam.index.contents import KnownFile
from siam.index.files import known_files
from siam.index.summary import summarise
from siam.pictures.folder_walk import walk_folder
from siam.pictures.names import to_label, to_text
from siam.pictures.reading import Skipped
from siam.progress import Progress, silent

__all__ = ["Labelling", "Question", "pictures_to_label"]

# Of the pictures that wait, the nearest to one that was just labelled are asked about again.
ASKED_AGAIN = 256
VERDICT_ALONE = QueryOptions(neighbours=False)
NO_PIXELS = np.empty((0, 0, 1), np.uint8)


@dataclass(frozen=True)
class Question:
    """A picture that wants a label.

    Attributes:
        path: its file.
        answer: what the run says of it; its label is the guess, None where there is none.
        left: pictures that wait, this one included.
    """

    path: Path
    answer: Answer
    left: int


@dataclass(frozen=True)
class Step:
    """What was done with a picture.

    Attributes:
        row: of the pictures.
        label: that it was given; None where it was passed over.
        before: what the index knew of its file.
    """

    row: int
    label: str | None
    before: KnownFile | None


class Labelling:
    """The pictures of a folder that have no label in a run's index, those that teach most first.

    Args:
        run: opened for writing.
        folder: of pictures, and of folders of them.
        progress: told of pictures looked at.

    Raises:
        DataError: no such folder, or no picture in it.

    Attributes:
        skipped: pictures that could not be read.
        steps: what was done so far, the last one last.
    """

    def __init__(self, run: OpenRun, folder: Path, *, progress: Progress = silent) -> None:
        self.run = run
        self.known = known_files(run.gallery)
        self.files, self.answers, self.skipped = ask_about(run, folder, self.known, progress)
        self.steps: list[Step] = []
        self._waiting = np.ones(len(self.answers), bool)
        self._asked: int | None = None
        vectors = [answer.embedding for answer in self.answers if answer.embedding is not None]
        self._vectors = np.array(vectors, np.float32).reshape(-1, run.encoder.dim)

    def question(self) -> Question | None:
        """Return the picture to label now; None when all are labelled or passed over."""
        rows = np.flatnonzero(self._waiting)
        if not len(rows):
            return None
        if self._asked is None:
            doubts = distance_to_boundary([self.answers[row].probability for row in rows])
            seen = self._vectors[[step.row for step in self.steps]]
            self._asked = int(rows[next(rank_pictures(self._vectors[rows], doubts, seeds=seen))])
        return Question(self.files[self._asked], self.answers[self._asked], len(rows))

    def label(self, name: str) -> str:
        """Give the picture that was asked about a label, and keep it in the index at once.

        Returns:
            The label as it is kept.

        Raises:
            UsageError: an empty label.
            DataError: the picture cannot be read any more; it is asked about no more.
            StoreError: the index cannot be written; the picture is still asked about.
        """
        name = to_label(name.strip())
        if not name:
            raise UsageError("A label is a word or more, received none.")
        row = self._take()
        try:
            add(self.run, [str(self.files[row])], label=name)
        except DataError as error:
            self._done(row)
            self.skipped = (*self.skipped, Skipped(self.answers[row].input, error.problem))
            raise
        self._done(row, Step(row, name, self.known.get(origin_of(self.files[row]))))
        self._ask_again(row)
        return name

    def skip(self) -> None:
        """Pass over the picture that was asked about; its label is left as it is."""
        row = self._take()
        self._done(row, Step(row, None, None))

    def undo(self) -> str:
        """Take back the last step, and ask about its picture again.

        Returns:
            The label that it had been given, "" where it was passed over.

        Raises:
            UsageError: there is no step, or the label has been changed by somebody else since.
        """
        if not self.steps:
            raise UsageError("There is nothing to undo.")
        step = self.steps[-1]
        if step.label is not None:
            self._restore(step)
        self.steps.pop()
        self._waiting[step.row] = True
        self._asked = step.row
        self._ask_again(step.row)
        return step.label or ""

    def labels(self) -> list[str]:
        """Return the labels that the index holds, by name."""
        return sorted(label for label in summarise(self.run.gallery).labels if label)

    def _take(self) -> int:
        if self._asked is None and self.question() is None:
            raise UsageError("No picture is left to label.")
        assert self._asked is not None
        return self._asked

    def _done(self, row: int, step: Step | None = None) -> None:
        self._waiting[row] = False
        self._asked = None
        if step is not None:
            self.steps.append(step)

    def _restore(self, step: Step) -> None:
        """Make the index say of a picture what it said before; with another label it is left."""
        gallery, before = self.run.gallery, step.before
        origin = origin_of(self.files[step.row])
        key = before.key if before else origin
        there = gallery.ids_of([key])
        if key not in there:
            return  # it was removed since
        [item] = gallery.items([there[key]])
        if item.label != step.label:
            raise UsageError(
                f"{origin} has been labelled {item.label} by somebody else since; it stays so."
            )
        if before is None:
            gallery.remove([item.id])
            return
        gallery.add(
            gallery.vectors_of([item.id]),
            keys=[key],
            labels=[before.label],
            origins=[before.origin],
            splits=[before.split],
            hashes=[before.hash],
            stats=[before.stat],
            metas=[before.meta],
        )

    def _ask_again(self, row: int) -> None:
        """Ask again about what waits nearest to a picture whose label has changed."""
        waiting = np.flatnonzero(self._waiting)
        near = np.argsort(-(self._vectors[waiting] @ self._vectors[row]), kind="stable")
        # What is blank has no label, whatever lies near it.
        rows = [at for at in waiting[near[:ASKED_AGAIN]] if not is_blank(self.answers[at])]
        if not rows:
            return
        named = [(self.answers[at].input, None, self._vectors[at]) for at in rows]
        matches = self.run.gallery.search(self._vectors[rows], self.run.calibration.neighbours)
        for at, answer in zip(
            rows, decide_each(self.run, named, matches, VERDICT_ALONE), strict=True
        ):
            self.answers[at] = dataclasses.replace(answer, prepared=self.answers[at].prepared)


def ask_about(
    run: OpenRun, folder: Path, known: Mapping[str, KnownFile], progress: Progress
) -> tuple[list[Path], list[Answer], tuple[Skipped, ...]]:
    """Ask about each picture of a folder that has no label in the index.

    Returns:
        Their files and what the run says of each, the network's inputs left out; what could not be
        read.
    """
    listing = walk_folder(folder)
    paths = [folder / name for name in listing.pictures]
    paths = [path for path in paths if not has_label(known.get(origin_of(path)))]
    sources = [(to_text(str(path)), path) for path in paths]
    files, answers = [], []
    skipped = [
        Skipped(to_text(str(folder / skip.path)), to_text(f"{folder / skip.path} {skip.reason}."))
        for skip in listing.skipped
    ]
    results = query_pictures(run, sources, options=VERDICT_ALONE)
    for done, (path, answer) in enumerate(zip(paths, results, strict=True), start=1):
        if isinstance(answer, Answer):
            assert answer.prepared is not None
            seen = dataclasses.replace(answer.prepared, pixels=NO_PIXELS, steps=())
            files.append(path)
            answers.append(dataclasses.replace(answer, prepared=seen))
        else:
            skipped.append(Skipped(answer.input, answer.error))
        progress("Looking at the pictures", done, len(paths))
    return files, answers, tuple(skipped)


def pictures_to_label(
    run: OpenRun, folder: Path, *, count: int, progress: Progress = silent
) -> list[Answer]:
    """Return what the run says of those pictures that most want a label, the first ones first.

    Args:
        run: an opened run.
        folder: of pictures, and of folders of them; those with a label in the index are left out.
        count: how many to return at most.
        progress: told of pictures looked at.

    Raises:
        DataError: no such folder, or no picture in it.
    """
    _, answers, _ = ask_about(run, folder, known_files(run.gallery), progress)
    return rank_answers(answers, count)


def origin_of(path: Path) -> str:
    """Return the origin that the index gives a picture file."""
    return to_text(path.resolve().as_posix())


def has_label(file: KnownFile | None) -> bool:
    """Tell whether the index knows a file's label."""
    return file is not None and bool(file.label)


def is_blank(answer: Answer) -> bool:
    """Tell whether a picture shows nothing that a label could be of."""
    return answer.prepared is not None and answer.prepared.blank
