"""Copy a run's index to a server."""

from __future__ import annotations

from pathlib import Path

from siam.index.gallery import Gallery
from siam.index.push import Pushed, push
from siam.index.stores.milvus_address import parse_address
from siam.index.stores.milvus_connection import MilvusConnection
from siam.progress import Progress, silent
from siam.run_files import INDEX_FOLDER

__all__ = ["Pushed", "push_run"]


def push_run(
    run: Path, address: str, *, replace: bool = False, progress: Progress = silent
) -> Pushed:
    """Make a store on a server hold what a run's index holds.

    Args:
        run: its folder.
        address: milvus://HOST:PORT/COLLECTION.
        replace: also where the store is of another encoder, or was changed by its clients.
        progress: told of pictures sent.

    Raises:
        UsageError: it is no address.
        StoreError: its index is damaged, or the server refuses.
    """
    place = parse_address(address)
    with Gallery.open(run / INDEX_FOLDER, read_only=True) as gallery:
        connection = MilvusConnection(place)
        try:
            return push(gallery, connection, replace=replace, progress=progress)
        finally:
            connection.close()
