"""Open a run and ask it from Python; each verb as its command does it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Self, TypedDict, Unpack, overload

from siam.array_types import Vectors
from siam.engine.answers.answer import Answer, Result, Unreadable
from siam.engine.api.figures import Evaluation
from siam.engine.api.picture_arguments import Picture, name_source, name_sources
from siam.engine.api.run_index import RunIndex
from siam.engine.api.run_jobs import RunJobs
from siam.engine.open_run import OpenRun, open_run
from siam.engine.query import QueryOptions, query_pictures
from siam.engine.reading import PictureOptions
from siam.engine.verification.pair import PairAnswer, verify_pair
from siam.errors import PictureError
from siam.pictures.preparation import Box
from siam.progress import Progress, silent
from siam.runs.bundled_run import find_answering_run

__all__ = ["Run", "open"]


class QueryKeywords(TypedDict, total=False):
    """The options of `Run.query`, once for both of its forms."""

    k: int
    false_accept_rate: float | None
    threshold: float | None
    where: str | Sequence[str]
    within: float | None
    invert: bool | None
    rotate: int
    box: Box | None


class Run(RunJobs):
    """A finished run, ready to be asked. Safe to share between threads.

    A context manager that closes its index; one that is not closed goes with the process.

    Args:
        path: the run's folder; `siam.open` finds it by name.
        store: as for `siam.open`.

    Example:
        >>> run = open("digits")
        >>> run.query("phone.jpg").verdict
        'match'
    """

    def __init__(self, path: Path, *, store: str | None = None) -> None:
        self.path, self._store = path, store

    @cached_property
    def _opened(self) -> OpenRun:
        return open_run(str(self.path), store=self._store)

    @property
    def name(self) -> str:
        """The run's name."""
        return self.path.name

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes that it was trained on; its index may hold more."""
        return self._opened.config.classes

    @property
    def index(self) -> RunIndex:
        """The pictures that queries are answered from."""
        return RunIndex(self.path, self._store)

    @overload
    def query(self, pictures: Picture, **options: Unpack[QueryKeywords]) -> Answer: ...  # type: ignore[overload-overlap]
    @overload
    def query(
        self, pictures: Iterable[Picture], **options: Unpack[QueryKeywords]
    ) -> list[Result]: ...
    def query(
        self,
        pictures: Picture | Iterable[Picture],
        *,
        k: int = 10,
        false_accept_rate: float | None = None,
        threshold: float | None = None,
        where: str | Sequence[str] = (),
        within: float | None = None,
        invert: bool | None = None,
        rotate: int = 0,
        box: Box | None = None,
    ) -> Answer | list[Result]:
        """Find the nearest indexed pictures, the label, and whether it is a match.

        Args:
            pictures: a path, a PIL image, an array (uint8 (height, width[, channels])), the bytes
                of a picture file, or a list of any of these.
            k: neighbours to return, 1 or more.
            false_accept_rate: share of different pairs to let through, above 0 to 1, instead of
                the most accurate threshold.
            threshold: distance to keep, 0 to 2, instead of both.
            where: filter on the index, such as "label=3"; several must all hold.
            within: return only neighbours at this distance or nearer, 0 to 2.
            invert: True if ink is darker than paper, False if not; None to find out.
            rotate: turn by 90, 180 or 270 degrees clockwise.
            box: (left, top, right, bottom) in pixels of the part to use.

        Returns:
            An answer; for a list, a list with an `Unreadable` for each picture that cannot be read.

        Raises:
            PictureError: the single picture cannot be read.
            UsageError: options that make no sense.
        """
        sources, single = name_sources(pictures)
        options = QueryOptions(
            k=k,
            false_accept_rate=false_accept_rate,
            threshold=threshold,
            where=(where,) if isinstance(where, str) else tuple(where),
            within=within,
            thumbnails=True,
        )
        results = list(
            query_pictures(
                self._opened,
                sources,
                options=options,
                picture=PictureOptions(invert=invert, rotate=rotate, box=box),
            )
        )
        if not single:
            return results
        if isinstance(results[0], Unreadable):
            raise PictureError(results[0].error)
        return results[0]

    def verify(
        self,
        left: Picture,
        right: Picture,
        *,
        false_accept_rate: float | None = None,
        threshold: float | None = None,
    ) -> PairAnswer:
        """Say whether two pictures are of one class: the same, unsure or different.

        Args:
            left: as for `query`.
            right: as for `query`.
            false_accept_rate: share of different pairs to let through, above 0 to 1.
            threshold: distance to keep, 0 to 2, instead.

        Raises:
            PictureError: one of them cannot be read.
            UsageError: options that make no sense.
        """
        return verify_pair(
            self._opened,
            name_source(left, "left"),
            name_source(right, "right"),
            false_accept_rate=false_accept_rate,
            threshold=threshold,
        )

    def embed(
        self, pictures: Picture | Iterable[Picture], *, progress: Progress = silent
    ) -> Vectors:
        """Return the embeddings of pictures, prepared as queries are.

        Args:
            pictures: as for `query`.
            progress: told of pictures embedded.

        Returns:
            float32 (n, dim), unit rows, in order; for a single picture (dim,).

        Raises:
            PictureError: one of them cannot be read.
        """
        from siam.engine.verification.many import embed_pictures

        sources, single = name_sources(pictures)
        _, embeddings, failed = embed_pictures(self._opened, sources, progress)
        if failed:
            raise PictureError(failed[0].reason)
        return embeddings.reshape(-1) if single else embeddings

    def evaluate(
        self,
        *,
        false_accept_rate: float | None = None,
        threshold: float | None = None,
        progress: Progress = silent,
    ) -> Evaluation:
        """Score the test pictures that the run keeps anew.

        Args:
            false_accept_rate: share of different pairs to let through, above 0 to 1.
            threshold: distance to keep, 0 to 2, instead.
            progress: told of the work.

        Raises:
            MissingExtraError: scikit-learn is not installed.
        """
        from siam.engine.evaluate import evaluate_run

        return Evaluation.from_summary(
            evaluate_run(
                str(self.path),
                false_accept_rate=false_accept_rate,
                threshold=threshold,
                progress=progress,
            )
        )

    def close(self) -> None:
        """Close the index; the next question opens it again."""
        opened = self.__dict__.pop("_opened", None)
        if opened is not None:
            opened.gallery.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Run {self.name!r} in {self.path}>"


def open(name: str | os.PathLike[str] | None = None, *, store: str | None = None) -> Run:
    """Open a run, without importing TensorFlow.

    Args:
        name: a run's name or path, a packed run (x.siam) or its address with `#sha256=...`; the
            newest finished run when left out, and the digits that ship with siam while there is
            none.
        store: the address of a gallery on a server (docs/scale.md), to be asked in place of the
            run's own index, or "local" for that; left out, what `siam index use` chose for the run.

    Raises:
        RunError: there is no such run, it is unfinished, or it is no run.
    """
    folder, _ = find_answering_run(None if name is None else os.fspath(name))
    return Run(folder, store=store)
