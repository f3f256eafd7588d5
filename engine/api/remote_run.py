"""Ask a run that a server holds, as the run itself is asked: `siam.connect`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack, overload

import numpy as np

from siam.array_types import Vectors
from siam.engine.answers.answer import Answer, Result, Unreadable
from siam.engine.api.http_connection import Server
from siam.engine.api.picture_arguments import Picture, name_source, name_sources
from siam.engine.api.picture_forms import (
    Form,
    SentPicture,
    portions_to_send,
    read_content,
    write_form,
)
from siam.engine.api.remote_index import RemoteIndex
from siam.engine.api.replies import (
    EmbedReply,
    QueryReply,
    ResultReply,
    RunReply,
    RunsReply,
    VerifyReply,
    prepared_of,
    result_of,
)
from siam.engine.api.run import QueryKeywords, Run
from siam.engine.verification.pair import PairAnswer
from siam.errors import PictureError, UsageError
from siam.pictures.preparation import Box
from siam.progress import Progress, silent

__all__ = ["RemoteRun", "connect"]

T = TypeVar("T")


class RemoteRun:
    """A run that a server holds, asked as `siam.Run` is. Safe to share between threads.

    Answers are the same but for what stays on the server: neighbours have no thumbnail and no
    origin, what the network saw is not sent, and answers have no embedding (`embed` gives it).

    Args:
        server: that holds it.
        name: the run's.

    Example:
        >>> Run.query.__kwdefaults__ == RemoteRun.query.__kwdefaults__
        True
    """

    def __init__(self, server: Server, name: str) -> None:
        self._server = server
        self.name = name

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes that it was trained on; its index may hold more."""
        return self._server.ask("GET", f"/runs/{self.name}", RunReply).classes

    @property
    def index(self) -> RemoteIndex:
        """The pictures that queries are answered from."""
        return RemoteIndex(self._server, self.name)

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
            pictures, k, false_accept_rate, threshold, where, within, invert, rotate, box: as for
                `siam.Run.query`; files are read here and sent.

        Raises:
            PictureError: the single picture cannot be read.
            UsageError: options that make no sense.
            RunError: no siam server answers there.
        """
        sources, single = name_sources(pictures)
        asked = {
            "k": k,
            "false_accept_rate": false_accept_rate,
            "threshold": threshold,
            "where": [where] if isinstance(where, str) else list(where),
            "within": within,
            "invert": None if invert is None else str(invert).lower(),
            "rotate": rotate or None,
            "box": ",".join(map(str, box)) if box else None,
        }
        results: list[Result] = []
        for portion in portions_to_send(sources):
            sent = [one for one in portion if not isinstance(one, Unreadable)]
            told = iter(self._ask_about(sent, asked) if sent else ())
            results += [
                one if isinstance(one, Unreadable) else result_of(one[0], next(told))
                for one in portion
            ]
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
            left, right, false_accept_rate, threshold: as for `siam.Run.verify`.

        Raises:
            PictureError: one of them cannot be read.
            UsageError: options that make no sense.
            RunError: no siam server answers there.
        """
        pair = name_source(left, "left"), name_source(right, "right")
        form = write_form(
            [
                (side, (name, read_content(name, source)))
                for side, (name, source) in zip(("left", "right"), pair, strict=True)
            ]
        )
        asked = {"false_accept_rate": false_accept_rate, "threshold": threshold}
        told = self._ask_by_form("/verify", form, VerifyReply, asked)
        return PairAnswer(
            pair[0][0],
            pair[1][0],
            told.verdict,
            told.distance,
            told.probability,
            told.threshold,
            told.reason,
            (prepared_of(told.notes["left"]), prepared_of(told.notes["right"])),
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
            RunError: no siam server answers there.
        """
        sources, single = name_sources(pictures)
        rows: list[tuple[float, ...]] = []
        dim = 0
        for portion in portions_to_send(sources):
            sent = []
            for one in portion:
                if isinstance(one, Unreadable):
                    raise PictureError(one.error)
                sent.append(one)
            told = self._post("/embed", sent, EmbedReply, {})
            for result in told.results:
                if result.error is not None:
                    raise PictureError(result.error)
                rows.append(result.embedding)
            dim = told.dim
            progress("embedding", len(rows), len(sources))
        embeddings = np.array(rows, np.float32).reshape(len(rows), dim)
        return embeddings.reshape(-1) if single else embeddings

    def close(self) -> None:
        """Close the connections; the next question opens one again."""
        self._server.close()

    def _ask_about(
        self, pictures: Sequence[SentPicture], asked: Mapping[str, Any]
    ) -> tuple[ResultReply, ...]:
        """Return what is said of each; of one alone that cannot be read a server makes an error."""
        try:
            return self._post("/query", pictures, QueryReply, asked).results
        except PictureError as error:
            if len(pictures) > 1:
                raise
            return (ResultReply(error=error.problem),)

    def _post(
        self,
        path: str,
        pictures: Sequence[SentPicture],
        kind: type[T],
        asked: Mapping[str, Any],
    ) -> T:
        form = write_form([("pictures", picture) for picture in pictures])
        return self._ask_by_form(path, form, kind, asked)

    def _ask_by_form(self, path: str, form: Form, kind: type[T], asked: Mapping[str, Any]) -> T:
        body, content_type = form
        return self._server.ask(
            "POST",
            path,
            kind,
            query={"run": self.name, **asked},
            body=body,
            content_type=content_type,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<RemoteRun {self.name!r} at {self._server.url}>"

    if not TYPE_CHECKING:  # so that type checkers still know what is not there

        def __getattr__(self, name: str) -> Any:
            if name != "path" and (name.startswith("_") or not hasattr(Run, name)):
                raise AttributeError(f"a remote run has no attribute {name!r}")
            raise UsageError(
                f"A run's `{name}` works on the machine that holds the run, not over HTTP.",
                "There:  siam.open(NAME)",
            )


def connect(
    url: str,
    *,
    run: str | None = None,
    token: str | None = None,
    timeout: float = 60.0,
) -> RemoteRun:
    """Connect to a run that `siam serve` holds, to be asked as one that is here.

    Args:
        url: the server's, such as "http://127.0.0.1:8000".
        run: which of its runs; the one that it was started with when left out.
        token: what the server demands; the variable SIAM_TOKEN when left out. It is never sent over
            plain http to another machine.
        timeout: seconds that one question may take, waiting for a busy server included.

    Raises:
        RunError: no siam server answers there, or it has no such run.
        UsageError: no such URL, or the token is missing or wrong.
    """
    server = Server(url, token=token or os.environ.get("SIAM_TOKEN"), timeout=timeout)
    if run is None:
        return RemoteRun(server, server.ask("GET", "/runs", RunsReply).run)
    found = RemoteRun(server, run)
    _ = found.classes  # which asks for it
    return found
