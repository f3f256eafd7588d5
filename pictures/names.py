"""Names of files as text: any bytes become valid Unicode, and lead back to their file."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

__all__ = ["path_of", "to_label", "to_text"]

_ESCAPED = re.compile(r"\\x([89a-f][0-9a-f])|\\ud([89a-f][0-9a-f]{2})")


def to_text(name: str) -> str:
    r"""Return a file's name as text that every database, file and screen takes.

    Bytes that are no UTF-8, as on disks written in Latin-1, are escaped.

    Args:
        name: as `os` gives it, with such bytes as lone surrogates.

    Example:
        >>> to_text("caf\udce9.png")
        'caf\\xe9.png'
    """
    if name.isascii():
        return name
    try:
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # half a character, which Windows allows
        return name.encode("utf-8", "backslashreplace").decode()


def to_label(folder: str) -> str:
    """Return a folder's name as a class name: text in NFC, so that macOS' folders are the same.

    Example:
        >>> to_label("cafe\u0301") == "caf\u00e9"
        True
    """
    return unicodedata.normalize("NFC", to_text(folder))


def path_of(text: str) -> Path:
    r"""Return the path of the file that `to_text` named.

    Example:
        >>> str(path_of("caf\\xe9.png")) == "caf\udce9.png"
        True
    """
    if "\\" not in text or os.path.lexists(text):
        return Path(text)
    return Path(_ESCAPED.sub(_unescape, text))


def _unescape(escape: re.Match[str]) -> str:
    byte, half = escape.groups()
    return chr(0xDC00 + int(byte, 16)) if byte else chr(0xD000 + int(half, 16))
