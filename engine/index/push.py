"""Copy a run's index to a server, and open the one there in its place."""

from __future__ import annotations

from pathlib import Path

from siam.index.gallery import Gallery
from siam.index.push import Pushed, push
from siam.index.stores.milvus_address import parse_address
from siam.index.stores.milvus_connection import MilvusConnection
from siam.progress import Progress, silent
from siam.run_files import INDEX_FOLDER
from siam.runs.runs_folder import find_run

__all__ = ["Pushed", "push_run"]


def push_run(
    name: str | None, address: str, *, replace: bool = False, progress: Progress = silent
) -> tuple[str, Pushed]:
    """Make a store on a server hold what a run's index holds.

    Args:
        name: a run's name or path; the newest finished run when left out.
        address: milvus://HOST:PORT/COLLECTION.
        replace: also where the store is of another encoder, or was changed by its clients.
        progress: told of pictures sent.

    Returns:
        (the run's name, what was done).

    Raises:
        UsageError: it is no address.
        RunError: no such run.
        StoreError: its index is damaged, or the server refuses.
    """
    place = parse_address(address)
    path: Path = find_run(name)
    with Gallery.open(path / INDEX_FOLDER, read_only=True) as gallery:
        connection = MilvusConnection(place)
        try:
            return path.name, push(gallery, connection, replace=replace, progress=progress)
        finally:
            connection.close()
