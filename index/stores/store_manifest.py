"""The manifest of a FAISS store: what its files are, checked before any of them is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from siam.index.stores.vector_store import Stamp
from siam.untrusted import read_json

__all__ = [
    "APPROXIMATE",
    "IDS",
    "MANIFEST",
    "VECTORS",
    "Manifest",
    "read_manifest",
]

VECTORS, IDS, APPROXIMATE, MANIFEST = "vectors.npy", "ids.npy", "approximate.faiss", "manifest.json"
MOST_BYTES = 1 << 16
Whole = Annotated[int, Meta(ge=0, lt=1 << 62)]
Setting = Annotated[str, Meta(pattern="^(efSearch|nprobe|refine)$")]
FileName = Annotated[str, Meta(pattern=f"^({VECTORS}|{IDS}|{APPROXIMATE})$")]


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What `manifest.json` holds; the folder may come from anybody.

    Attributes:
        generation, stamp, last_id: the catalogue's commit.
        kind: a FAISS factory string or "flat".
        effort: search-time settings, in the range that `autotune` tries, and some more.
        count: rows whose item is there still.
        ascending: whether the ids rise; None in those of earlier releases.
        extra: measurements.
        files: a `fingerprint` of each file, by name.
        checksums: of each file's whole content, by name.
    """

    generation: Whole
    stamp: Whole
    last_id: Whole
    kind: Annotated[str, Meta(max_length=100)]
    effort: dict[Setting, Annotated[int, Meta(ge=1, le=65_536)]]
    count: Whole
    ascending: bool | None = None
    extra: dict[str, Annotated[float, Meta(ge=0, le=1)]] = msgspec.field(default_factory=dict)
    files: dict[FileName, str] = msgspec.field(default_factory=dict)
    checksums: dict[FileName, int] = msgspec.field(default_factory=dict)

    @property
    def commit(self) -> Stamp:
        """The catalogue's commit that the files were made from."""
        return Stamp(self.generation, self.stamp, self.last_id)


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of an accelerator folder.

    Raises:
        FileNotFoundError, ValueError: it is missing or none.
    """
    return read_json(folder / MANIFEST, Manifest, most=MOST_BYTES)
