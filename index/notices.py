"""What a command should say of an index that answers, but was found other than it was left."""

from __future__ import annotations

import msgspec

from siam.index.reader import Reader
from siam.index.snapshot import count_lag, open_store
from siam.index.stores.faiss_files import folders
from siam.index.stores.store_manifest import of_older_siam

__all__ = ["StoreNotice", "collect_notices", "inspect_store"]


class StoreNotice(msgspec.Struct, frozen=True):
    """A vector store that slows searches, which are right all the same.

    Attributes:
        sentence: what it is.
        damaged: whether its files are not as they were written, or not of this index.
    """

    sentence: str
    damaged: bool = False


def collect_notices(reader: Reader) -> tuple[str, ...]:
    """Return a sentence for each thing amiss that a user should hear of, with its cure.

    Args:
        reader: an open index; no vector is read for this.
    """
    slower = inspect_store(reader)
    cure = "Set it right:  siam index verify --repair"
    return reader.notices + ((f"{slower.sentence} {cure}",) if slower else ())


def inspect_store(reader: Reader) -> StoreNotice | None:
    """Return what is amiss with the vector store: missing, damaged, of an older siam, lagging."""
    with reader.catalogue.reading() as connection:
        store = open_store(reader.catalogue, connection)
        lag = count_lag(reader.catalogue, connection, store)
        count = reader.catalogue.position(connection).count
    instead = "searches read the catalogue instead."
    if store.stamp is None and count:
        there = folders(reader.folder)
        if any(of_older_siam(path) for path in there):
            return StoreNotice(f"The accelerator is of an older siam; {instead}")
        if there:
            sentence = f"The accelerator is damaged or of another index; {instead}"
            return StoreNotice(sentence, damaged=True)
        return StoreNotice(f"The accelerator is missing; {instead}")
    if store.stamp is not None and lag > max(1, count // 50):
        return StoreNotice(f"The accelerator lags by {lag} rows; searches read those one by one.")
    return None
