"""What an index holds, in numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from siam.index.gallery import Gallery
from siam.index.schema import check_rows
from siam.index.snapshot import count_lag, open_store

__all__ = ["Summary", "summarise"]


@dataclass(frozen=True)
class Summary:
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
        return asdict(self)


def summarise(gallery: Gallery) -> Summary:
    """Count an index."""
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
