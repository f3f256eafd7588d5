"""What an index holds, in numbers, and what was found other than it was left."""

from __future__ import annotations

from siam.index.contents import Problem, Summary
from siam.index.gallery import Gallery
from siam.index.reader import Reader
from siam.index.schema import check_rows
from siam.index.snapshot import count_lag, open_store
from siam.index.stores.faiss_files import folders

__all__ = ["collect_notices", "inspect_store", "summarise"]


def summarise(gallery: Gallery) -> Summary:
    """Count an index."""
    if gallery.on_server:
        from siam.index.remote_contents import summarise_remote

        return summarise_remote(gallery)
    with gallery.catalogue.reading() as connection:
        position = gallery.catalogue.position(connection)
        counted = "SELECT {0}, count(*) FROM items GROUP BY {0} ORDER BY count(*) DESC, {0}"
        labels, splits = (
            dict(check_rows(connection.execute(counted.format(column)), tuple[str, int]))
            for column in ("label", "split")
        )
        store = open_store(gallery.catalogue, connection)
        lag = count_lag(gallery.catalogue, connection, store)
    return Summary(
        folder=str(gallery.folder),
        items=position.count,
        labels=labels,
        splits=splits,
        dim=gallery.dim,
        encoder=gallery.encoder_hash,
        last_id=position.last_id,
        generation=position.generation,
        kind=gallery.kind,
        structure=store.info.structure,
        effort=dict(store.info.settings),
        recall=store.info.recall,
        lag=lag,
        disk=sum(path.stat().st_size for path in gallery.folder.rglob("*") if path.is_file()),
        notices=gallery.notices,
    )


def collect_notices(reader: Reader) -> tuple[str, ...]:
    """Return a sentence for each thing amiss that a user should hear of, with its cure.

    Args:
        reader: an open index; no vector is read for this.
    """
    slower = inspect_store(reader)
    cure = "Set it right:  siam index verify --repair"
    return reader.notices + ((f"{slower.what} {cure}",) if slower else ())


def inspect_store(reader: Reader) -> Problem | None:
    """Return what is amiss with the vector store: missing, damaged, of an older siam, lagging."""
    if reader.on_server:
        return None
    with reader.catalogue.reading() as connection:
        store = open_store(reader.catalogue, connection)
        lag = count_lag(reader.catalogue, connection, store)
        count = reader.catalogue.position(connection).count
    instead = "searches read the catalogue instead."
    if store.stamp is None and count:
        there = folders(reader.folder)
        what, harmless = "missing", True
        if any((path / "exact.faiss").exists() for path in there):
            what = "of an older siam"
        elif there:
            what, harmless = "damaged or of another index", False
        return Problem(f"The accelerator is {what}; {instead}", harmless=harmless)
    if store.stamp is not None and lag > max(1, count // 50):
        what = f"The accelerator lags by {lag} rows; searches read those one by one."
        return Problem(what, harmless=True)
    return None
