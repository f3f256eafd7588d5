"""Pictures on their way to a server: their files' bytes as they are, in portions of a form."""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import numpy as np

from siam.engine.answers.answer import Unreadable
from siam.engine.reading import Source
from siam.errors import PictureError
from siam.pictures.in_memory import check_picture, picture_from_array
from siam.pictures.reading import MAX_STREAM, Skipped, read_picture

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Form", "SentPicture", "portions_to_send", "read_content", "write_form"]

# Of one request: a server refuses bodies that are much larger.
MOST_PICTURES, MOST_BYTES = 32, 8 * 2**20
# What a PNG holds without a loss; a TIFF holds all other modes.
_PNG_MODES = ("1", "L", "LA", "P", "RGB", "RGBA")

# A form's body, and its content type.
Form = tuple[bytes, str]
# What a picture is called here, and its file's content.
SentPicture = tuple[str, bytes]


def portions_to_send(
    sources: Sequence[tuple[str, Source]],
) -> Iterator[list[SentPicture | Unreadable]]:
    """Yield pictures in order, as many at a time as fit one request.

    Args:
        sources: (name, source) of each picture; one that cannot be read is an `Unreadable`.

    Example:
        >>> [len(portion) for portion in portions_to_send([("a.png", b"a")] * 40)]
        [32, 8]
    """
    portion: list[SentPicture | Unreadable] = []
    size = 0
    for name, source in sources:
        try:
            content = read_content(name, source)
        except PictureError as error:
            portion.append(Unreadable(name, error.problem))
            continue
        if portion and (len(portion) == MOST_PICTURES or size + len(content) > MOST_BYTES):
            yield portion
            portion, size = [], 0
        portion.append((name, content))
        size += len(content)
    if portion:
        yield portion


def read_content(name: str, source: Source) -> bytes:
    """Return a picture as the bytes of a file; one that is in memory is written without a loss.

    Args:
        name: what error lines call it.
        source: a path, the bytes themselves, a PIL image, or an array: uint8 (height, width[,
            channels]).

    Raises:
        PictureError: it cannot be read here, or is larger than 64 MiB.

    Example:
        >>> read_content("array", np.zeros((9, 9), np.uint8))[1:4]
        b'PNG'
    """
    if isinstance(source, Path | Skipped):
        content = read_file(name, source)
    elif isinstance(source, bytes):
        content = source
    elif isinstance(source, np.ndarray):
        content = encode_image(picture_from_array(source, name=name))
    else:
        content = encode_image(check_picture(source, name=name))
    if len(content) > MAX_STREAM:
        raise PictureError(
            f"{name} is larger than {MAX_STREAM // 2**20} MiB, the most that is sent.",
            "Make it smaller.",
        )
    return content


def read_file(name: str, source: Path | Skipped) -> bytes:
    """Return a file's content, or say about it what reading it as a picture would."""
    try:
        if isinstance(source, Path):
            with source.open("rb") as file:
                return file.read(MAX_STREAM + 1)
    except (OSError, ValueError):
        pass
    read_picture(source, name=name)
    raise PictureError(f"{name} cannot be opened.")


def encode_image(image: Image.Image) -> bytes:
    """Return an image as a file that holds the same pixels, and how they are to be turned."""
    buffer = io.BytesIO()
    exif = image.getexif()
    kind = "PNG" if image.mode in _PNG_MODES else "TIFF"
    options = {"exif": exif} if len(exif) else {}
    # The network is fast beside the strongest compression.
    image.save(buffer, format=kind, **({"compress_level": 1} if kind == "PNG" else {}), **options)
    return buffer.getvalue()


def write_form(
    pictures: Sequence[tuple[str, SentPicture]], fields: Mapping[str, str] | None = None
) -> Form:
    """Write a multipart/form-data body.

    Of a picture's path the last part is sent alone: the rest is of this machine.

    Args:
        pictures: (name of the part, picture) of each.
        fields: further values.

    Example:
        >>> body, content_type = write_form([("left", ("cats/a.png", b"..."))], {"label": "cat"})
        >>> body.count(content_type.partition("=")[2].encode()), b'filename="a.png"' in body
        (3, True)
    """
    boundary = secrets.token_hex(16)
    parts = [
        (f'name="{name}"', value.encode(errors="replace")) for name, value in (fields or {}).items()
    ]
    for part, (name, content) in pictures:
        file = PurePath(name).name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        kind = "\r\nContent-Type: application/octet-stream"
        parts.append((f'name="{part}"; filename="{file}"{kind}', content))
    body = bytearray()
    for heading, content in parts:
        start = f"--{boundary}\r\nContent-Disposition: form-data; {heading}\r\n\r\n"
        body += start.encode(errors="replace") + content + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    return bytes(body), f"multipart/form-data; boundary={boundary}"
