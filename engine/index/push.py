"""Copy a run's index to a server."""

from __future__ import annotations

from pathlib import Path

from siam.index.gallery import Gallery
from siam.index.push import Pushed, push
from siam.index.stores.milvus_address import parse_address
from siam.index.stores.milvus_connection import MilvusConnection
from siam.index.stores.milvus_kinds import check_kind
from siam.progress import Progress, silent
from siam.run_files import INDEX_FOLDER

__all__ = ["Pushed", "push_run"]


def push_run(
    run: Path,
    address: str,
    *,
    kind: str | None = None,
    replace: bool = False,
    progress: Progress = silent,
) -> Pushed:
    """Make a store on a server hold what a run's index holds.

    Args:
        run: its folder.
        address: milvus://HOST:PORT/COLLECTION.
        kind: of its index, such as "HNSW"; as it is, or "FLAT" where none is, when left out.
        replace: also where the store is of another encoder, or was changed by its clients.
        progress: told of pictures sent.

    Raises:
        UsageError: it is no address, or no kind.
        StoreError: its index is damaged, or the server refuses.
    """
    place, known = parse_address(address), check_kind(kind) if kind else None
    with Gallery.open(run / INDEX_FOLDER, read_only=True) as gallery:
        connection = MilvusConnection(place)
        try:
            return push(gallery, connection, kind=known, replace=replace, progress=progress)
        finally:
            connection.close()
