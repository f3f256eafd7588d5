"""The runs that ship with siam: digits, which answers as long as there is no run of one's own, and
an encoder of drawn glyphs, an index of whose embeddings takes no training."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from siam.errors import NoRunError
from siam.runs.pack import BUNDLED, unpack_once
from siam.runs.runs_folder import find_run, newest_run

__all__ = ["BUNDLED_ENCODERS", "BUNDLED_NOTICE", "bundled_run", "find_answering_run"]

# Made by scripts/bundle_digits.py and bundle_glyphs.py.
PACK = BUNDLED / "digits.siam"
# Packed runs without a picture in their index, by the word that asks for them.
BUNDLED_ENCODERS = {"glyphs": BUNDLED / "glyphs.siam"}
BUNDLED_NOTICE = (
    "No run of your own yet: answering with the bundled digits. Train one:  siam train FOLDER"
)


def bundled_run(name: str | None, needed: Iterable[str] = ()) -> Path | None:
    """Return the folder of the bundled run where it is what answers; None where another does.

    Args:
        name: the run that was asked for; None = the newest finished one.
        needed: files that the caller is going to read, relative to the run.

    Raises:
        RunError: the bundled run is damaged, or there is no place to unpack it to.
    """
    if name is not None or newest_run() is not None:
        return None
    folder = unpack_once(PACK)
    return folder if all((folder / file).exists() for file in needed) else None


def find_answering_run(name: str | None, needed: Iterable[str] = ()) -> tuple[Path, bool]:
    """Return the folder of the run that answers, and whether it is the bundled one.

    Args:
        name, needed: as for `bundled_run`.

    Raises:
        RunError: as `find_run` and `bundled_run`.
    """
    try:
        return find_run(name), False
    except NoRunError:
        folder = bundled_run(name, needed)
        if folder is None:
            raise
        return folder, True
