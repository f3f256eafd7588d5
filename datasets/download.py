"""Fetching a file from an address or the first mirror that has it: resumed, checked, put in whole.

What is fetched is believed for its SHA-256 alone; still nothing is asked of an address that others
can read or change on its way: HTTPS, or this very machine, redirections too.
"""

from __future__ import annotations

import gzip
import hashlib
import http.client
import os
import urllib.error
import urllib.parse
import urllib.request
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from siam.atomic import sync_folder
from siam.errors import DataError
from siam.progress import Progress, silent

__all__ = ["MNIST_MIRRORS", "download", "fetch"]

MNIST_MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://raw.githubusercontent.com/fgnt/mnist/master/",
)
# Offline, each mirror costs at most this before the next is tried.
TIMEOUT_SECONDS = 8.0
PIECE = 1 << 16
# More than any run or data set that is meant to be fetched.
MOST_BYTES = 4 << 30
THIS_MACHINE = ("127.0.0.1", "::1", "localhost")


def download(
    name: str,
    *,
    mirrors: Sequence[str],
    folder: Path,
    sha256: str,
    progress: Progress = silent,
) -> Path:
    """Fetch `name` into `folder` from the first mirror whose copy passes the check.

    A transfer that breaks leaves `.<name>.part`, and the next mirror, or the next call, goes
    on from there; where the server cannot, or the whole does not check, it starts afresh.

    Args:
        name: the file's name at every mirror and in `folder`.
        mirrors: addresses ending in "/", tried in turn.
        folder: made where it is missing.
        sha256: of the content, uncompressed where `name` ends in .gz.
        progress: told the bytes so far and in all.

    Returns:
        The file's path; it is there whole and checked, or not at all.

    Raises:
        DataError: no mirror had it, or the folder cannot be written.
    """
    target = folder / name
    failures = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for mirror in mirrors:
            failure = fetch(mirror + name, target, sha256=sha256, progress=progress)
            if failure is None:
                return target
            failures.append(f"{mirror}: {failure}")
    except OSError as error:
        raise DataError(
            f"{target} cannot be written: {error.strerror or error}.",
            "Free space or mend the rights, or name another folder: --data-dir DIR.",
        ) from error
    raise DataError(
        f"{name} could not be downloaded: {'; '.join(failures)}.",
        "Check the connection, or put the files in DIR/mnist and give --data-dir DIR.",
    )


def fetch(
    address: str,
    target: Path,
    *,
    sha256: str,
    most: int = MOST_BYTES,
    progress: Progress = silent,
) -> str | None:
    """Fetch one file from one address; return what went wrong, or None once it is there, checked.

    Args:
        address: HTTPS, or HTTP of this machine.
        target: in a folder that is there.
        sha256: of the content, uncompressed where `address` ends in .gz.
        most: bytes that it may have.
        progress: told the bytes so far and in all.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> fetch("http://example.org/run.siam", Path("run.siam"), sha256="0" * 64)
        'it is no HTTPS address'
    """
    part = target.with_name(f".{target.name}.part")
    resuming = part.exists()
    failure = _attempt(address, part, sha256, most, progress)
    if failure and resuming and not part.exists():
        # What was there already was to blame, or may have been: once more without it.
        failure = _attempt(address, part, sha256, most, progress)
    if failure is None:
        os.replace(part, target)
        sync_folder(target.parent)
    return failure


def _attempt(address: str, part: Path, sha256: str, most: int, progress: Progress) -> str | None:
    """Bring `part` to the whole, checked file; return what went wrong, or None.

    What cannot be the beginning of the right file is deleted.
    """
    failure = _transfer(address, part, most, progress)
    if failure is None:
        failure = _fault(part, gzipped=address.endswith(".gz"), sha256=sha256)
        if failure is not None:
            part.unlink()
    return failure


def _transfer(address: str, part: Path, most: int, progress: Progress) -> str | None:
    """Append what `part` lacks of the file at `address`; return what went wrong, or None."""
    if not _is_safe(address):
        return "it is no HTTPS address"
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(address)
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        reply = urllib.request.build_opener(_SafeRedirects).open(request, timeout=TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.unlink()
        return f"{error.code} {error.reason}"
    except (OSError, http.client.HTTPException) as error:
        return str(getattr(error, "reason", error))
    with reply:
        # A server may answer a range with the whole file.
        have = have if reply.status == http.client.PARTIAL_CONTENT else 0
        total = have + (getattr(reply, "length", None) or 0)
        if total > most:
            return f"it is larger than {most:,} bytes"
        name = Path(urllib.parse.urlsplit(address).path).name
        with part.open("ab" if have else "wb") as sink:
            while have <= most:
                try:
                    piece = reply.read(PIECE)
                except (OSError, http.client.HTTPException) as error:
                    return f"broke off after {have} of {total} bytes: {error}"
                if not piece:
                    break
                sink.write(piece)
                have += len(piece)
                progress(f"Downloading {name}", have, total)
            sink.flush()
            os.fsync(sink.fileno())
    if have > most:
        part.unlink()
        return f"it is larger than {most:,} bytes"
    return None if have >= total else f"broke off after {have} of {total} bytes"


def _fault(path: Path, *, gzipped: bool, sha256: str) -> str | None:
    """Return why the file's content is not the one of that checksum, or None."""
    try:
        with gzip.open(path) if gzipped else path.open("rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        return f"a damaged gzip file: {error}"
    return None if found == sha256 else f"SHA-256 is {found}, it must be {sha256}"


def _is_safe(address: str) -> bool:
    """Tell whether nobody on the way can read or change what is at an address."""
    parts = urllib.parse.urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in THIS_MACHINE)


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Goes where a server sends it as long as that is as safe."""

    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        """Refuse by the error that any other refusal is; into this machine leads none from out."""
        if not _is_safe(newurl) or (req.full_url[:6] == "https:" and newurl[:6] != "https:"):
            raise urllib.error.HTTPError(newurl, code, "leads to no HTTPS address", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)
