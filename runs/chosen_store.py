"""Which gallery a run's questions go to: its own index, or a store on a server.

What a user chose for good is kept in the user's configuration, by the hash of the run's manifest,
and not in the run: one from elsewhere would name a server of its maker's, and the token would go
there. So a copy of the run, and its pack, go to the same store.
"""

from __future__ import annotations

from pathlib import Path

from siam.atomic import sha256, write_text
from siam.errors import DataError
from siam.run_files import MANIFEST_FILE

__all__ = ["OWN", "choose_store", "remember_store", "remembered_store"]

OWN = "local"  # the run's own index, where a store could be named


def choose_store(run: Path, wanted: str | None) -> str:
    """Return the address of the store that answers for a run, "" for its own index.

    Args:
        run: its folder.
        wanted: an address, `OWN` or "" for its own index, or None for what is remembered.
    """
    address = remembered_store(run) if wanted is None else wanted
    return "" if address == OWN else address


def remember_store(run: Path, address: str) -> None:
    """Let a run's questions go to a store from now on; "" for its own index again.

    Raises:
        DataError: the user's configuration cannot be written.
    """
    place = place_of(run)
    try:
        if address:
            place.parent.mkdir(parents=True, exist_ok=True)
            write_text(place, address)
        else:
            place.unlink(missing_ok=True)
    except OSError as error:
        raise DataError(
            f"{place} cannot be written ({error.strerror}).",
            "Name the store each time instead: --store, or the variable SIAM_STORE.",
        ) from error


def remembered_store(run: Path) -> str:
    """Return the address that `remember_store` was given last; "" for none."""
    try:
        return place_of(run).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def place_of(run: Path) -> Path:
    """Return the file that holds a run's address."""
    from platformdirs import user_config_path

    return user_config_path("siam") / "stores" / sha256(run / MANIFEST_FILE)
