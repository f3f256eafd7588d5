"""Read a picture file safely: a decoded image, or one line that says what is wrong with it."""

from __future__ import annotations

import io
import os
import stat
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from siam.errors import MissingExtraError, PictureError
from siam.pictures.bands import decode_in_bands
from siam.pictures.bounded_file import BoundedFile
from siam.pictures.conversion import Box, find_region, turns_of
from siam.pictures.decoder_memory import (
    MOST_HELD,
    READ_AT_ONCE,
    band_bytes,
    count_scans,
    file_bytes,
    whole_bytes,
)
from siam.pictures.formats import FORMATS, HEAD, READABLE, content_kind, is_heic
from siam.pictures.names import to_text
from siam.pictures.pillow_warnings import pillow_warnings_ignored

if TYPE_CHECKING:
    from PIL import Image

__all__ = [
    "MAX_PIXELS",
    "MAX_STREAM",
    "PART",
    "Part",
    "Skipped",
    "Source",
    "original_size",
    "read_picture",
]

MAX_PIXELS = 120_000_000
# A larger one is decoded a band of rows at a time, where its file can be taken apart.
_HELD_WHOLE = 32 * 2**20  # bytes
# What a picture may hold beside its pixels: bytes, and pieces such as chunks, segments and tags.
_MOST_NOTES, _MOST_PIECES = MOST_HELD // 2, 100_000
_MOST_SCANS = 100  # of a JPEG, each of which takes as long as the picture
MAX_STREAM = 64 * 2**20  # bytes taken from something that is not a plain file, such as a pipe
# What Pillow's plug-ins let escape from a damaged file, beside UnidentifiedImageError (an OSError).
_DAMAGE = (
    OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError,
    OverflowError, ZeroDivisionError, MemoryError, RuntimeError, AssertionError, struct.error,
)  # fmt: skip


class Skipped(msgspec.Struct, frozen=True):
    """A file that was passed over, and why."""

    path: str
    reason: str


class Part(msgspec.Struct, frozen=True):
    """A part of a picture, all that is wanted of it.

    Attributes:
        box: (left, top, right, bottom) in pixels of the upright picture.
        quarter_turns: by which it is turned clockwise after its EXIF note was followed.
        least: pixels that the part's shorter side must keep where a decoder can hold the picture
            only at a half or a quarter of its size.
    """

    box: Box
    quarter_turns: int
    least: int


# In an image's info: the region of its file that is all it holds. Left out: the whole.
PART = "siam_part"
# A picture to read: a file's path, its content, or what is known beforehand not to be readable.
Source = Path | bytes | Skipped


def read_picture(
    source: Source,
    *,
    name: str | None = None,
    enough: int | None = None,
    part: Part | None = None,
) -> Image.Image:
    """Return the decoded picture, first frame only, in the mode that its file has.

    The size is checked before a single pixel is decoded, and no plug-in's exception escapes.
    Turning it upright by its EXIF note is left to the preparation, which shows it as a step.

    Args:
        source: a file's path, the file's content, or why there is neither.
        name: what error lines call it; the path, or "standard input" for bytes, if left out.
        enough: shorter side in pixels that is all the caller needs. A JPEG may then be decoded at
            a half, a quarter or an eighth of its size, never below this, and another picture too
            large to hold is averaged down while it is decoded, its longer side never below this;
            `original_size` still gives the size in the file.
        part: of which alone the pixels are wanted. Of a picture too large to hold it is all that
            the image holds (its info says so under `PART`), with `enough` on its longer side; a
            JPEG's is decoded with the rest, at the largest size that can be held.

    Raises:
        PictureError: no such file, empty, a device, not a picture, damaged, above 120 megapixels,
            or of a kind whose decoder would hold more than 112 MiB of it at once.
        MissingExtraError: a HEIC picture, and the extra "heic" is not installed.

    Example:
        >>> read_picture(b"P5 2 1 255 ab").size
        (2, 1)
    """
    if isinstance(source, Skipped):
        raise PictureError(f"{name or source.path} {source.reason}.")
    label = name or ("standard input" if isinstance(source, bytes) else to_text(str(source)))
    try:
        if isinstance(source, bytes):
            return _decode_stream(source, label, enough, part)
        with open(source, "rb", opener=_open_at_once) as file:
            mode = os.fstat(file.fileno()).st_mode
            if stat.S_ISREG(mode):
                return _decode(file, label, enough, part)
            if not stat.S_ISFIFO(mode):
                raise PictureError(f"{label} is a device, not a picture.", "Name a file.")
            os.set_blocking(file.fileno(), True)
            return _decode_stream(file.read(MAX_STREAM + 1), label, enough, part)
    except FileNotFoundError:
        raise PictureError(f"{label}: no such file.", "Check the path.") from None
    except IsADirectoryError:
        raise PictureError(
            f"{label} is a folder, not a picture.", f"Name its pictures:  {label}/*"
        ) from None
    except (OSError, ValueError) as reason:  # ValueError: a null byte in the path
        raise PictureError(f"{label} cannot be opened: {_reason(reason)}.") from None


def original_size(image: Image.Image) -> tuple[int, int]:
    """Return (width, height) in the file, before a JPEG was decoded smaller."""
    width, height = image.info.get("siam_original_size", image.size)
    return int(width), int(height)


def _open_at_once(path: str, flags: int) -> int:
    """Open a file for reading; a pipe that nobody writes to as well, which then is empty."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _decode_stream(
    content: bytes, label: str, enough: int | None, part: Part | None
) -> Image.Image:
    """Decode what something that is no plain file gave."""
    if len(content) > MAX_STREAM:
        raise PictureError(
            f"{label} gives more than {MAX_STREAM // 2**20} MiB, too much for a picture.",
            "Save the picture to a file and name that.",
        )
    return _decode(io.BytesIO(content), label, enough, part)


def _decode(file: BinaryIO, label: str, enough: int | None, part: Part | None) -> Image.Image:
    from PIL import Image, UnidentifiedImageError

    head = file.read(HEAD)
    file.seek(0)
    if not head:
        raise PictureError(f"{label} is empty (0 bytes).", "Save or download the picture again.")
    if (head[:4] == b"RIFF" or head[4:8] == b"ftyp") and 2 * file_bytes(file) > MOST_HELD:
        raise _too_large(f"{file_bytes(file)} bytes, which are read at once", label)
    formats = [*FORMATS, *_heic_format(head, label)]
    region = None
    try:
        with pillow_warnings_ignored():  # of bombs and odd EXIF; errors suffice
            bounded: Any = BoundedFile(file, label, most=_MOST_NOTES, reads=_MOST_PIECES)
            image: Image.Image = Image.open(bounded, formats=formats)
            width, height = image.size
            _check_size(width, height, label)
            if count_scans(image, file) > _MOST_SCANS:
                raise PictureError(f"{label} has more than {_MOST_SCANS} scans.", "Save it again.")
            notes = 0 if image.format in READ_AT_ONCE else bounded.taken
            bounded.allow(most=8 * width * height, reads=width * height)
            if enough is not None and part is None:
                image.draft(None, (enough, enough))
            held = whole_bytes(image, file, width * height)
            if part is not None and held > _HELD_WHOLE:
                turns = turns_of(image, part.quarter_turns)
                region = find_region(part.box, (width, height), turns)
                held = _draft_part(image, file, region, part.least)
            bands = None
            if enough is not None:
                if held > _HELD_WHOLE:
                    bands = decode_in_bands(image, file, enough, region=region)
                held = min(held, band_bytes(image, file))
            if bands is None and held + notes > MOST_HELD:
                size = f"{width} x {height} pixels of {image.format} decoded as a whole"
                most = int(width * height * MOST_HELD / held)
                raise _too_large(size, label, most, part)
            image = bands or image
            image.load()
    except Image.DecompressionBombError:
        raise _too_large("more than 178 megapixels", label) from None
    except UnidentifiedImageError:
        raise _not_a_picture(head, label) from None
    except MemoryError:
        raise PictureError(f"{label} does not fit into memory.", "Save it smaller.") from None
    except _DAMAGE as reason:
        raise PictureError(
            f"{label} is damaged or cut short: {_reason(reason)}.",
            "Save or download the picture again.",
        ) from None
    image.info["siam_original_size"] = (width, height)
    if bands is not None and region is not None:
        image.info[PART] = region
    return image


def _draft_part(image: Image.Image, file: BinaryIO, region: Box, least: int) -> float:
    """Have a JPEG decoded smaller until it can be held, the part of it no smaller than `least`.

    Returns:
        The bytes that its decoder holds then.
    """
    (width, height), shorter = image.size, min(region[2] - region[0], region[3] - region[1])
    held = whole_bytes(image, file, width * height)
    # Pillow drafts once. A hundredth is left for what is rounded up.
    factor = next((each for each in (1, 2, 4) if held / each**2 < 0.99 * MOST_HELD), 8)
    if image.format in ("JPEG", "MPO") and factor > 1 and shorter // factor >= least:
        image.draft(None, (width // factor, height // factor))
        held = whole_bytes(image, file, width * height)
    return held


def _heic_format(head: bytes, label: str) -> tuple[str, ...]:
    """Register the HEIC reader if this is such a file, and return its name for Pillow."""
    if not is_heic(head):
        return ()
    try:
        import pillow_heif
    except ImportError:
        raise MissingExtraError(f"Reading the HEIC picture {label}", "heic") from None
    pillow_heif.register_heif_opener()
    return ("HEIF",)


def _check_size(width: int, height: int, label: str) -> None:
    if width < 1 or height < 1:
        raise PictureError(f"{label} has no pixels ({width} x {height}).", "Save it again.")
    if width * height > MAX_PIXELS:
        raise _too_large(f"{width} x {height} pixels", label)


def _too_large(
    size: str, label: str, most: int = MAX_PIXELS, part: Part | None = None
) -> PictureError:
    return PictureError(
        f"{label} is too large: {size}, at most {most / 10**6:.3g} megapixels are read.",
        "Cut the part out and save it as a picture of its own."
        if part
        else "Save it smaller, or as a plain JPEG; a few hundred pixels are enough.",
    )


def _not_a_picture(head: bytes, label: str) -> PictureError:
    kind = content_kind(head)
    problem = f"it is {kind}" if kind else f"its content starts with {head[:8]!r}"
    return PictureError(
        f"{label} is not a picture that siam reads: {problem}.", f"Save it as {READABLE}."
    )


def _reason(reason: BaseException) -> str:
    """Return an exception's own words as part of a line."""
    text = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    return " ".join(text.split()).rstrip(".")
