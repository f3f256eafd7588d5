"""What an index holds, in numbers, and what was found other than it was left."""

from __future__ import annotations

from typing import Any

import msgspec

from siam.index.gallery import Gallery
from siam.index.reader import Reader
from siam.index.schema import check_rows
from siam.index.snapshot import count_lag, open_store
from siam.index.stores.faiss_files import folders

__all__ = ["Problem", "Summary", "collect_notices", "inspect_store", "summarise"]


class Summary(msgspec.Struct, frozen=True):
    """An index in numbers.

    Attributes:
        folder: where it lies.
        items: items in it.
        labels: items by label, most first.
        splits: items by split.
        dim: length of a vector.
        encoder: SHA-256 of the encoder that filled it.
        last_id: the highest id ever given.
        generation: commits so far.
        kind: the index kind as chosen.
        structure: how the vector store searches, "none" where there is no accelerator.
        effort: its search settings.
        recall: what it was measured to find when it was built, 0 to 1.
        lag: items that the accelerator lacks or does not know to be removed.
        disk: bytes of all its files.
        notices: what was found amiss on opening.
    """

    folder: str
    items: int
    labels: dict[str, int]
    splits: dict[str, int]
    dim: int
    encoder: str
    last_id: int
    generation: int
    kind: str
    structure: str
    effort: dict[str, int]
    recall: float
    lag: int
    disk: int
    notices: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the values by name, for JSON."""
        return msgspec.structs.asdict(self)


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


class Problem(msgspec.Struct, frozen=True):
    """Something that is not as it should be.

    Attributes:
        what: one sentence.
        repaired: whether `repair` set it right.
        harmless: searches are right all the same, such as with a lagging accelerator.
    """

    what: str
    repaired: bool = False
    harmless: bool = False


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
