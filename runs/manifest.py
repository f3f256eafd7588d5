"""A run's manifest: the SHA-256 of each file that training wrote, and the versions that made it.

A file that does not match is refused by name. The index is not covered: it lives on after
training and looks after itself.
"""

from __future__ import annotations

import importlib.metadata
import json
import platform
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from siam import __version__
from siam.atomic import sha256, write_json
from siam.errors import RunError

__all__ = ["MANIFEST_FILE", "read_manifest", "verify_files", "versions", "write_manifest"]

MANIFEST_FILE = "manifest.json"
SCHEMA = 1
# Written after training, or by others: not training's to vouch for.
NOT_COVERED = ("index", "logs", MANIFEST_FILE, "report.html")
NAMED_PACKAGES = ("keras", "tensorflow", "jax", "torch", "faiss-cpu", "ai-edge-litert", "numpy")


def versions() -> dict[str, str]:
    """Return the versions of siam, Python and the packages a run depends on."""
    found = {"siam": __version__, "python": platform.python_version()}
    for package in NAMED_PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def write_manifest(run: Path) -> None:
    """Hash every file that training wrote into `run` and keep the list beside them."""
    files = {
        path.relative_to(run).as_posix(): sha256(path)
        for path in sorted(run.rglob("*"))
        if path.is_file() and path.relative_to(run).parts[0] not in NOT_COVERED
    }
    write_json(run / MANIFEST_FILE, {"schema": SCHEMA, "versions": versions(), "files": files})


def read_manifest(run: Path) -> dict[str, Any]:
    """Read a run's manifest.

    Raises:
        RunError: it is missing or damaged.
    """
    path = run / MANIFEST_FILE
    try:
        manifest = json.loads(path.read_text())
        if manifest["schema"] != SCHEMA or not isinstance(manifest["files"], dict):
            raise ValueError(f"schema {manifest['schema']}")
    except FileNotFoundError as error:
        raise RunError(
            f"{run} has no {MANIFEST_FILE}, so it is no finished run.",
            "Name another run (siam runs lists them), or train it again.",
        ) from error
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise RunError(
            f"{path} cannot be read ({error}).", "Train the run again, or copy it back."
        ) from error
    return dict(manifest)


def verify_files(run: Path, names: Iterable[str]) -> None:
    """Check files of a run against its manifest; a name the manifest lacks must not exist.

    Args:
        run: a run's folder.
        names: files relative to it.

    Raises:
        RunError: a file is missing, was changed, or does not belong to the run.
    """
    listed = read_manifest(run)["files"]
    for name in names:
        path = run / name
        if name not in listed and not path.exists():
            continue
        if not path.exists():
            raise RunError(
                f"{path} is missing from the run.", "Copy it back, or train the run again."
            )
        if listed.get(name) != sha256(path):
            raise RunError(
                f"{path} is not the file that training wrote (its SHA-256 differs).",
                "Copy it back from where it was whole, or train the run again.",
            )
