"""What a command should say of an index that answers, but was found other than it was left."""

from __future__ import annotations

from siam.index.reader import Reader
from siam.index.snapshot import count_lag, open_store
from siam.index.stores.faiss_files import folders, of_older_siam

__all__ = ["found_amiss", "missing"]


def found_amiss(reader: Reader) -> tuple[str, ...]:
    """Return a sentence for each thing amiss that a user should hear of, with its cure.

    Args:
        reader: an open index; no vector is read for this.
    """
    slower = missing(reader)
    cure = "Set it right:  siam index verify --repair"
    return reader.notices + ((f"{slower} {cure}",) if slower else ())


def missing(reader: Reader) -> str | None:
    """Return a sentence when the accelerator is missing or lags, which slows searches only."""
    with reader.catalogue.reading() as connection:
        store = open_store(reader.catalogue, connection)
        lag = count_lag(reader.catalogue, connection, store)
        count = reader.catalogue.position(connection).count
    if store.stamp is None and count:
        state = "is missing"
        if there := folders(reader.folder):
            older = any(of_older_siam(path) for path in there)
            state = "is of an older siam" if older else "is damaged or of another index"
        return f"The accelerator {state}; searches read the catalogue instead."
    if store.stamp is not None and lag > max(1, count // 50):
        return f"The accelerator lags by {lag} rows; searches read those one by one."
    return None
