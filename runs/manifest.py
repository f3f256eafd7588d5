"""A run's manifest: the SHA-256 of each file that training wrote, and the versions that made it.

A file that does not match is refused by name. The index is not covered: it lives on after
training and looks after itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from siam import __version__
from siam.atomic import sha256, write_json
from siam.errors import RunError
from siam.run_files import (
    INDEX_FOLDER,
    LOGS_FOLDER,
    MANIFEST_FILE,
    REPORT_FILE,
    WHILE_TRAINED,
)
from siam.untrusted import read_json

__all__ = [
    "Manifest",
    "read_manifest",
    "verify_files",
    "versions",
    "write_manifest",
]

# Written after training, or by others: not training's to vouch for.
NOT_COVERED = (INDEX_FOLDER, LOGS_FOLDER, MANIFEST_FILE, REPORT_FILE, *WHILE_TRAINED)
# A few dozen files and packages.
MOST_BYTES = 1 << 20
NAMED_PACKAGES = ("keras", "tensorflow", "jax", "torch", "faiss-cpu", "ai-edge-litert", "numpy")


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What `manifest.json` holds.

    Attributes:
        schema: of the file.
        versions: of what made the run, by package.
        files: SHA-256 in hexadecimal of each file, by its path relative to the run.
        finished: when; None in runs of earlier releases.
    """

    schema: Literal[1] = 1
    versions: dict[str, str]
    files: dict[str, str]
    finished: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


def versions() -> dict[str, str]:
    """Return the versions of siam, Python and the packages a run depends on."""
    import importlib.metadata
    import platform

    installed = {"siam": __version__, "python": platform.python_version()}
    for package in NAMED_PACKAGES:
        try:
            installed[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return installed


def write_manifest(run: Path) -> None:
    """Hash every file that training wrote into `run` and keep the list beside them."""
    files = {
        path.relative_to(run).as_posix(): sha256(path)
        for path in sorted(run.rglob("*"))
        if path.is_file() and path.relative_to(run).parts[0] not in NOT_COVERED
    }
    manifest = Manifest(versions=versions(), files=files, finished=datetime.now(UTC))
    write_json(run / MANIFEST_FILE, msgspec.to_builtins(manifest))


def read_manifest(run: Path) -> Manifest:
    """Read a run's manifest.

    Raises:
        RunError: it is missing or damaged.
    """
    path = run / MANIFEST_FILE
    try:
        return read_json(path, Manifest, most=MOST_BYTES)
    except FileNotFoundError as error:
        raise RunError(
            f"{run} has no {MANIFEST_FILE}, so it is no finished run.",
            "Name another run (siam runs lists them), or train it again.",
        ) from error
    except ValueError as error:
        raise RunError(
            f"{path} cannot be read ({error}).", "Train the run again, or copy it back."
        ) from error


def verify_files(run: Path, names: Iterable[str]) -> None:
    """Check files of a run against its manifest; a name the manifest lacks must not exist.

    Args:
        run: a run's folder.
        names: files relative to it.

    Raises:
        RunError: a file is missing, was changed, or does not belong to the run.
    """
    hashes = read_manifest(run).files
    for name in names:
        path = run / name
        if name not in hashes and not path.exists():
            continue
        if not path.is_file():
            raise RunError(
                f"{path} is missing from the run.", "Copy it back, or train the run again."
            )
        if hashes.get(name) != sha256(path):
            raise RunError(
                f"{path} is not the file that training wrote (its SHA-256 differs).",
                "Copy it back from where it was whole, or train the run again.",
            )
