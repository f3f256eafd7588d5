"""The index of a run that a server holds: add, remove, look at."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from siam.engine.answers.answer import Unreadable
from siam.engine.api.http_connection import Server
from siam.engine.api.picture_arguments import Picture, name_sources
from siam.engine.api.picture_forms import SentPicture, portions_to_send, write_form
from siam.engine.api.run_index import RunIndex
from siam.engine.index.sync import Indexed
from siam.errors import DataError, PictureError, UsageError
from siam.index.contents import Summary
from siam.pictures.reading import Skipped
from siam.progress import Progress, silent

__all__ = ["RemoteIndex"]

# Items of a list that are asked for at once, the most that a server gives.
PAGE = 1000


class AddedReply(msgspec.Struct, frozen=True):
    """What became of one picture."""

    input: str = ""
    error: str | None = None


class AddReply(msgspec.Struct, frozen=True):
    """POST /items."""

    added: int
    updated: int
    results: tuple[AddedReply, ...]


class ItemReply(msgspec.Struct, frozen=True):
    """An item of the index."""

    id: int
    key: str


class ItemsReply(msgspec.Struct, frozen=True):
    """GET /items."""

    total: int
    items: tuple[ItemReply, ...]


class RemovedReply(msgspec.Struct, frozen=True):
    """POST /items/remove."""

    removed: int


class InfoReply(msgspec.Struct, frozen=True):
    """GET /runs/NAME: its index in numbers."""

    index: dict[str, Any]


class RemoteIndex:
    """The pictures that a remote run's queries are answered from.

    Args:
        server: that holds the run.
        run: its name.
    """

    def __init__(self, server: Server, run: str) -> None:
        self._server = server
        self._run = run

    def add(
        self,
        sources: Picture | Iterable[Picture],
        *,
        label: str | None = None,
        meta: Mapping[str, Any] | None = None,
        progress: Progress = silent,
    ) -> Indexed:
        """Send pictures, which the server embeds and indexes; searchable at once.

        Args:
            sources: pictures as for `RemoteRun.query`; a folder is indexed where the run is.
            label: the label of all of them.
            meta: further values kept with each, for filters.
            progress: told of pictures indexed.

        Raises:
            PictureError: a single picture that cannot be read.
            UsageError: a folder, or the server was started without --writable.
            StoreError: the index is damaged, or another process holds on to it.
        """
        named, single = name_sources(sources)
        fields = {} if label is None else {"label": label}
        if meta:
            fields["meta"] = msgspec.json.encode(dict(meta)).decode()
        for name, source in named:
            if isinstance(source, os.PathLike) and os.path.isdir(source):
                raise UsageError(
                    f"{name} is a folder; pictures alone are sent to a server.",
                    "Name its pictures, or add it on the machine of the run:  siam index add",
                )
        added = changed = done = 0
        skipped: list[Skipped] = []
        for portion in portions_to_send(named):
            sent = [one for one in portion if not isinstance(one, Unreadable)]
            skipped += [
                Skipped(one.input, one.error) for one in portion if isinstance(one, Unreadable)
            ]
            if sent:
                try:
                    told = self._send(sent, fields)
                except PictureError as error:  # of one alone a server makes an error
                    skipped.append(Skipped(sent[0][0], error.problem))
                else:
                    added, changed = added + told.added, changed + told.updated
                    skipped += [
                        Skipped(name, result.error)
                        for (name, _), result in zip(sent, told.results, strict=True)
                        if result.error is not None
                    ]
            done += len(portion)
            progress("indexing", done, len(named))
        if single and skipped:
            raise PictureError(skipped[0].reason)
        unchanged = len(named) - len(skipped) - added - changed
        return Indexed(added, changed, 0, unchanged, tuple(skipped), len(self))

    def remove(
        self,
        items: Sequence[int | str] = (),
        *,
        label: str | None = None,
        where: str | Sequence[str] = (),
    ) -> int:
        """Take items out of the index; files are not touched. Returns how many there were.

        Args:
            items: ids, those that are gone are passed over; keys stay on the machine of the run.
            label: all items with this label.
            where: all items that pass this filter, or all of these.

        Raises:
            UsageError: nothing is named, or the server was started without --writable.
        """
        if not items and label is None and not where:
            raise UsageError("Nothing says what to remove.", "Name ids, or give label or where.")
        for item in items:
            if not str(item).isdecimal():
                raise UsageError(
                    f"A remote index knows its items by their ids, received {item!r}.",
                    "Such as:  answer.neighbours[0].id",
                )
        ids = {int(item) for item in items}
        if label is not None or where:
            ids |= {item.id for item in self._items(label, where)}
        body = msgspec.json.encode({"ids": sorted(ids)})
        return self._server.ask(
            "POST",
            "/items/remove",
            RemovedReply,
            query={"run": self._run},
            body=body,
            changes=True,
        ).removed

    def info(self) -> Summary:
        """Return what the index holds: counts by label and split, its kind, its size on disk.

        Its `folder` and `notices` are empty: they are the server's own.
        """
        told = self._server.ask("GET", f"/runs/{self._run}", InfoReply).index
        return msgspec.convert({"folder": "", "notices": (), **told}, Summary)

    def _send(self, pictures: Sequence[SentPicture], fields: Mapping[str, str]) -> AddReply:
        body, kind = write_form([("pictures", picture) for picture in pictures], fields)
        return self._server.ask(
            "POST",
            "/items",
            AddReply,
            query={"run": self._run},
            body=body,
            content_type=kind,
            changes=True,
        )

    def _items(self, label: str | None, where: str | Sequence[str]) -> Iterator[ItemReply]:
        """Yield what passes a label and filters, a page at a time."""
        asked: dict[str, Any] = {
            "run": self._run,
            "label": label,
            "where": [where] if isinstance(where, str) else list(where),
            "limit": PAGE,
        }
        offset, total = 0, 1
        while offset < total:
            page = self._server.ask("GET", "/items", ItemsReply, query={**asked, "offset": offset})
            if not page.items and offset < page.total:
                raise DataError("The server gave an empty page of its items.", "Ask it again.")
            yield from page.items
            offset, total = offset + len(page.items), page.total

    def __len__(self) -> int:
        query = {"run": self._run, "limit": 1}
        return self._server.ask("GET", "/items", ItemsReply, query=query).total

    if not TYPE_CHECKING:  # so that type checkers still know what is not there

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_") or not hasattr(RunIndex, name):
                raise AttributeError(f"a remote index has no attribute {name!r}")
            raise UsageError(
                f"An index's `{name}` works on the machine that holds the run, not over HTTP.",
                "There:  siam.open(NAME).index",
            )
