"""A run's index from Python: add, sync, remove, look at, verify; each as `siam index` does it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from siam.engine.index.item_options import items_to_remove
from siam.engine.index.sync import Indexed, add, open_to_index, sync
from siam.engine.open_run import open_run
from siam.index.contents import Summary, Verification
from siam.index.summary import summarise
from siam.index.verify import verify
from siam.progress import Progress, silent
from siam.runs.chosen_store import choose_store, remember_store

if TYPE_CHECKING:
    from siam.index.push import Pushed

__all__ = ["RunIndex"]

PathLike = str | os.PathLike[str]


class RunIndex:
    """The pictures that a run's queries are answered from.

    Every call opens the index and closes it again, so that other processes may write in between.

    Args:
        run: the run's folder.
        store: as for `siam.open`.
    """

    def __init__(self, run: Path, store: str | None = None) -> None:
        self._run, self._store = str(run), store

    @property
    def store(self) -> str:
        """The address of the store that answers, "" for the run's own index."""
        return choose_store(Path(self._run), self._store)

    def use(self, store: str) -> int:
        """Let the run's questions and changes go to a store on a server from now on.

        It is remembered for this user on this machine, of every copy of the run.

        Args:
            store: its address, such as "milvus://db:19530/digits"; "local" for the run's own index.

        Returns:
            How many pictures are there.

        Raises:
            StoreError: there is no gallery, or one of another encoder.
        """
        address = choose_store(Path(self._run), store)
        if not address:  # also where the run has no index of its own
            remember_store(Path(self._run), "")
        with open_run(self._run, store=address) as run:
            items = len(run.gallery)
        if address:
            remember_store(Path(self._run), address)
        return items

    def add(
        self,
        sources: PathLike | Sequence[PathLike],
        *,
        label: str | None = None,
        meta: Mapping[str, Any] | None = None,
        progress: Progress = silent,
    ) -> Indexed:
        """Embed and index pictures; a new label is searchable at once, without training.

        Args:
            sources: pictures, folders (labelled by their sub-folders, as training reads them),
                tables of path, label and perhaps split, and .npz files with `x` uint8 (n, height,
                width[, channels]) and perhaps `y`.
            label: the label of all of them, instead.
            meta: further values kept with each, for filters.
            progress: told of pictures embedded.

        Raises:
            DataError: a source that is not there, or a single picture that cannot be read.
            StoreError: the index is damaged, or another process holds on to it.
        """
        listed = [sources] if isinstance(sources, str | os.PathLike) else sources
        names = [os.fspath(name) for name in listed]
        with open_to_index(self._run, store=self._store) as run:
            done = add(run, names, label=label, meta=meta, progress=progress)
            run.gallery.catch_up(progress=progress)
        return done

    def sync(
        self, folder: PathLike, *, dry_run: bool = False, progress: Progress = silent
    ) -> Indexed:
        """Add new pictures of a folder, embed changed ones again, drop deleted ones.

        Args:
            folder: pictures, labelled by their sub-folders, as training reads them; or a table
                of them, which means those that it names.
            dry_run: only count.
            progress: told of pictures embedded.

        Raises:
            DataError: the folder is not there, or is empty although the index holds its pictures.
            StoreError: the index is damaged, or another process holds on to it.
        """
        with open_to_index(self._run, store=self._store) as run:
            done = sync(run, Path(folder), dry_run=dry_run, progress=progress)
            if not dry_run:
                run.gallery.catch_up(progress=progress)
        return done

    def remove(
        self,
        items: Sequence[int | str] = (),
        *,
        label: str | None = None,
        where: str | Sequence[str] = (),
    ) -> int:
        """Take items out of the index; files are not touched. Returns how many there were.

        Args:
            items: ids or keys.
            label: all items with this label.
            where: all items that pass this filter, or all of these.

        Raises:
            UsageError: nothing is named, or an item that is not there.
        """
        filters = [where] if isinstance(where, str) else list(where)
        with open_to_index(self._run, store=self._store) as run:
            names = [str(item) for item in items]
            return run.gallery.remove(
                items_to_remove(run.gallery, names, label=label, where=filters)
            )

    def push(
        self,
        store: str,
        *,
        embeddings: str | os.PathLike[str] | None = None,
        kind: str | None = None,
        replace: bool = False,
        progress: Progress = silent,
    ) -> Pushed:
        """Copy the run's own index to a server, for `siam.open(run, store=store)` on any machine.

        Args:
            store: where to, such as "milvus://db:19530/digits".
            embeddings: a file that `siam embed` wrote by this run, .npz or .parquet: what it
                holds is sent in place of the index.
            kind: of the index there: "FLAT", which is exact, "HNSW", "IVF_FLAT", "IVF_SQ8"; as it
                is, or "FLAT" where none is, when left out.
            replace: also where the gallery there is of another encoder, or was changed by clients.
            progress: told of pictures sent.

        Raises:
            StoreError: the server refuses, or what is there would be lost.
            DataError: the embeddings are damaged, or of another encoder.
            MissingExtraError: pymilvus is not installed.
        """
        from siam.engine.index.push import push_run
        from siam.engine.index.push_embeddings import push_embeddings

        path = Path(self._run)
        if embeddings is None:
            return push_run(path, store, kind=kind, replace=replace, progress=progress)
        return push_embeddings(
            path, Path(embeddings), store, kind=kind, replace=replace, progress=progress
        )

    def info(self) -> Summary:
        """Return what the index holds: counts by label and split, its kind, its size on disk."""
        with open_run(self._run, store=self._store) as run:
            return summarise(run.gallery)

    def verify(self, *, repair: bool = False, progress: Progress = silent) -> Verification:
        """Compare vectors, counts, picture files and searches with what they should be.

        Args:
            repair: set right what can be.
            progress: told of vectors and files checked.
        """
        with open_run(self._run, read_only=not repair, store=self._store) as run:
            return verify(run.gallery, repair=repair, progress=progress)

    def __len__(self) -> int:
        with open_run(self._run, store=self._store) as run:
            return len(run.gallery)
