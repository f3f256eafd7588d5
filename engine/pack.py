"""A run that travels: packed into one file, and unpacked again where it is trusted or tried."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from siam.atomic import publish_folder
from siam.engine.open_run import OpenRun, open_run
from siam.errors import RunError, UsageError
from siam.index.catalogue import FILE, copy_catalogue
from siam.progress import Progress, silent
from siam.run_files import INDEX_FOLDER, MANIFEST_FILE
from siam.runs.chosen_store import OWN
from siam.runs.lifecycle import hold_run
from siam.runs.manifest import read_manifest, verify_files
from siam.runs.pack import open_pack, unpack_files, write_pack
from siam.runs.runs_folder import PACKED, find_run, free_name, runs_folder

__all__ = ["UnpackedRun", "pack_run", "unpack_run"]


@dataclass(frozen=True)
class UnpackedRun:
    """A run that came in one file.

    Attributes:
        path: its folder.
        signed: whether the file holds a signature; whose was asked only where a key is pinned.
    """

    path: Path
    signed: bool


def pack_run(
    name: str | None, out: Path | None = None, *, key: Path | None = None, thumbnails: bool = True
) -> Path:
    """Put a run into one file: what training wrote, and its index as it stands.

    Left out are what is made again, the logs, the report and the vector store.

    Args:
        name: a run's name or path; the newest finished run when left out.
        out: the file to make; RUN.siam in the current folder when left out.
        key: a PEM file with an ed25519 private key to sign with.
        thumbnails: keep the small pictures of the indexed ones, too.

    Raises:
        RunError: no such run, or a file of it is missing or not what training wrote.
        UsageError: there is such a file already, or the key cannot be read.
        MissingExtraError: signing takes `cryptography`, which is not installed.
    """
    run = find_run(name)
    target = out or Path(f"{run.name}{PACKED}")
    if target.suffix != PACKED:
        raise UsageError(f"A packed run's name ends in {PACKED}, received '{target}'.")
    if target.exists():
        raise UsageError(
            f"There is a file {target} already, and nothing is overwritten.", "Give another --out."
        )
    names = [MANIFEST_FILE, *read_manifest(run).files]
    verify_files(run, names[1:])
    files = {member: run / member for member in names}
    with tempfile.TemporaryDirectory(prefix="siam-pack-") as folder:
        if (run / INDEX_FOLDER / FILE).exists():
            copy = Path(folder) / FILE
            copy_catalogue(run / INDEX_FOLDER, copy, thumbnails=thumbnails)
            files[f"{INDEX_FOLDER}/{FILE}"] = copy
        write_pack(target, run.name, files, key=key)
    return target


def unpack_run(
    file: Path,
    *,
    name: str | None = None,
    trusted: Path | None = None,
    fill: Callable[[OpenRun], object] | None = None,
    progress: Progress = silent,
) -> UnpackedRun:
    """Make a run of the runs folder from a packed one, whole or not at all, and over no other.

    Args:
        file: what `pack_run` wrote; it may come from anybody, and is data.
        name: what to call it; as it was called when left out.
        trusted: a PEM file of public keys, one of which must have signed it. Left out, the one
            that the environment variable `SIAM_TRUSTED_KEYS` names, if it does.
        fill: what is done with it before it has its name; what that raises leaves nothing.
        progress: told of the building of the vector store.

    Raises:
        RunError: it is no pack, damaged, not signed as it should be, no run that can be opened, or
            being unpacked by another process.
        UsageError: there is a run of that name already.
    """
    pack = open_pack(file, trusted=trusted)
    shelf = runs_folder()
    place = shelf / free_name(pack.name if name is None else name, "")
    shelf.mkdir(parents=True, exist_ok=True)
    building = shelf / f".unpacking-{place.name}"
    busy = RunError(
        f"'{place.name}' is being unpacked by another process.",
        "Wait for it, or give another --name.",
    )
    with hold_run(building, busy=busy):
        try:
            shutil.rmtree(building, ignore_errors=True)  # what was left by one that was killed
            building.mkdir()
            unpack_files(pack, building)
            with open_run(str(building), read_only=False, store=OWN) as run:
                if fill is not None:
                    fill(run)
                run.gallery.catch_up(progress=progress)
            publish_folder(building, place)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    return UnpackedRun(place, pack.signed)
