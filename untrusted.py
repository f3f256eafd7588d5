"""Files that anybody may have written: read within a bound, and believed only as far as checked.

One rule for every JSON and TOML file: a plain file, no larger than any that siam writes, of the
types and ranges of a `msgspec` type. What does not hold is a `ValueError` in one line; the caller
says which file it was, and the cure.
"""

from __future__ import annotations

import os
import stat
import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec

__all__ = ["read_bounded", "read_json", "read_toml"]

T = TypeVar("T")


def read_bounded(path: Path, most: int) -> bytes:
    """Return the content of a plain file.

    Args:
        path: the file; a pipe or a device is refused, which may never end.
        most: bytes that it may have.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is larger, no plain file, or cannot be read.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "note.json"
        >>> _ = path.write_text('{"a": 1}')
        >>> read_bounded(path, 100)
        b'{"a": 1}'
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ValueError("it is no plain file")
        with path.open("rb") as source:
            # As many bytes as are asked for are set aside, however few there are.
            size = os.fstat(source.fileno()).st_size
            content = source.read(min(size, most) + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from error
    if len(content) > most:
        raise ValueError(f"it is larger than {most:,} bytes")
    return content


def read_json(path: Path, kind: type[T], *, most: int) -> T:
    """Return what a JSON file holds, as a checked `kind`.

    Args:
        path: the file.
        kind: what it must hold, such as a `msgspec.Struct`.
        most: bytes that the file may have.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it cannot be read, is no JSON or of another kind.
    """
    content = read_bounded(path, most)
    try:
        return msgspec.json.decode(content, type=kind)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def read_toml(path: Path, *, most: int) -> dict[str, Any]:
    """Return the tables of a TOML file; its values are for the caller to check.

    Args:
        path: the file.
        most: bytes that the file may have.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it cannot be read or is no TOML.
    """
    content = read_bounded(path, most)
    try:
        return tomllib.loads(content.decode())
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
