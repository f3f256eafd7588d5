"""Which files are pictures: by the first bytes of their content, or by the ending of their name."""

from __future__ import annotations

import os
import re

__all__ = [
    "FORMATS",
    "HEAD",
    "READABLE",
    "content_kind",
    "has_picture_suffix",
    "is_heic",
    "is_picture",
]

READABLE = "PNG, JPEG, BMP, GIF, TIFF, WebP, AVIF, HEIC or PPM"
# Pillow reads more than pictures of digits come in, among it EPS, which runs Ghostscript.
FORMATS = ("PNG", "JPEG", "BMP", "DIB", "GIF", "TIFF", "WEBP", "AVIF", "PPM")
PICTURE_SUFFIXES = frozenset(
    [".avif", ".bmp", ".dib", ".gif", ".heic", ".heif", ".jpeg", ".jpg", ".pbm"]
    + [".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"]
)
HEAD = 32  # bytes of a file's beginning that tell its format

_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
# In the order of FORMATS. A text may begin with BM or P5: more of those two is looked at. The
# last two bytes of the second line tell a TIFF from a camera's raw file made of one.
_SIGNATURE = re.compile(
    rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|GIF8[79]a|RIFF....WEBP"
    rb"|(?:II[*+]\0|MM\0[*+]).{4}(?!CR)"
    rb"|BM.{4}\0{4}.{4}[\x0c\x10\x28\x34\x38\x40\x6c\x7c]\0\0\0"
    rb"|P[1-6]\s+[\d#]",
    re.DOTALL,
)
_OTHERS = {
    b"%PDF": "a PDF document",
    b"<svg": "an SVG drawing",
    b"<?xm": "an XML file",
    b"PK\x03\x04": "a ZIP archive or office document",
    b"<!DO": "a web page",
    b"<htm": "a web page",
    b"\x1f\x8b": "a gzip file",
}


def is_picture(head: bytes) -> bool:
    """Return whether content is a picture's that siam reads.

    Args:
        head: the first 32 bytes of it, or fewer where there are no more.

    Example:
        >>> is_picture(b"P5 2 1 255 ab"), is_picture(b"Dear friend")
        (True, False)
    """
    is_avif = head[4:8] == b"ftyp" and b"avif" in head
    return _SIGNATURE.match(head) is not None or is_avif or is_heic(head)


def has_picture_suffix(name: str) -> bool:
    """Return whether a file's name ends as a picture's; what it holds may be something else."""
    return os.path.splitext(name)[1].lower() in PICTURE_SUFFIXES


def is_heic(head: bytes) -> bool:
    """Return whether content is HEIC; AVIF may bear a general brand as well, and is none."""
    return head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS and b"avif" not in head


def content_kind(head: bytes) -> str:
    """Return what content is that is no picture, in words; empty where that is not known."""
    return next((kind for start, kind in _OTHERS.items() if head.startswith(start)), "")
