"""A packed run at an address, such as https://host/digits.siam#sha256=...: fetched once.

It is named with the SHA-256 of the file, so that whoever keeps it, or stands on its way, can put
nothing else in its place.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from siam.datasets.download import fetch
from siam.errors import RunError, UsageError
from siam.progress import Progress, silent
from siam.runs.pack import make_packs_folder, packs_folder

__all__ = ["fetch_pack"]

ADDRESS = re.compile(r"(?P<file>https?://[^#\s]+)#sha256=(?P<sha256>[0-9a-f]{64})", re.IGNORECASE)


def fetch_pack(address: str, *, progress: Progress = silent) -> Path:
    """Return the file in the user cache that holds a packed run, fetched now or earlier.

    Args:
        address: HTTPS, or HTTP of this machine, with `#sha256=` and that of the file.
        progress: told the bytes so far and in all.

    Raises:
        UsageError: it is no such address, or gives no SHA-256.
        RunError: the file cannot be had, is another, or the user cache cannot be written.
    """
    parts = ADDRESS.fullmatch(address)
    if parts is None:
        raise UsageError(
            f"A run at an address is named with the SHA-256 of its file, received '{address}'.",
            "Have it from who made the run (siam runs pack says it; so does sha256sum FILE), and "
            f"append it:  --run {address.partition('#')[0]}#sha256=...",
        )
    sha256 = parts["sha256"].lower()
    target = packs_folder() / f"{sha256}.siam"
    if target.exists():
        return target
    make_packs_folder(packs_folder())
    with tempfile.TemporaryDirectory(
        dir=target.parent, prefix=".", ignore_cleanup_errors=True
    ) as folder:
        arrived = Path(folder) / target.name
        failure = fetch(parts["file"], arrived, sha256=sha256, progress=progress)
        if failure is not None:
            raise RunError(
                f"{parts['file']} could not be fetched: {failure}.",
                "Check the address and its SHA-256, or have the file sent:  --run FILE.siam",
            )
        os.replace(arrived, target)
    return target
