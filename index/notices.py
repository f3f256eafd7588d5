"""What a command should say of an index that answers, but was found other than it was left."""

from __future__ import annotations

from siam.index.accelerator import find
from siam.index.reader import Reader
from siam.index.snapshots import standing

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
        stands = standing(reader.catalogue, connection)
    if stands.base is None and stands.count:
        state = "is missing"
        if find(reader.folder):
            state = "is damaged, of another index or of an older siam"
        return f"The accelerator {state}; searches read the catalogue instead."
    if stands.base is not None and stands.lag > max(1, stands.count // 50):
        return f"The accelerator lags by {stands.lag} rows; searches read those one by one."
    return None
