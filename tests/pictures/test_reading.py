"""Reading picture files: every format, and everything that is not one."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from siam.errors import MissingExtraError, PictureError
from siam.pictures.reading import MAX_PIXELS, original_size, read_picture


def content(image: Image.Image, form: str, **options: object) -> bytes:
    target = io.BytesIO()
    image.save(target, form, **options)
    return target.getvalue()


GREY = Image.fromarray(np.arange(20 * 30, dtype=np.uint8).reshape(20, 30))
FORMS = [
    ("PNG", "L"), ("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "P"), ("PNG", "1"), ("PNG", "I;16"),
    ("JPEG", "L"), ("JPEG", "RGB"), ("JPEG", "CMYK"), ("BMP", "RGB"), ("BMP", "1"), ("GIF", "P"),
    ("TIFF", "L"), ("TIFF", "I;16"), ("TIFF", "F"), ("TIFF", "CMYK"), ("TIFF", "1"),
    ("WEBP", "RGB"), ("WEBP", "RGBA"), ("AVIF", "RGB"), ("PPM", "L"),
]  # fmt: skip


@pytest.mark.parametrize(("form", "mode"), FORMS)
def test_every_format_is_read_from_bytes_and_from_a_file(
    form: str, mode: str, tmp_path: Path
) -> None:
    source = GREY.convert("I").convert("I;16") if mode == "I;16" else GREY.convert(mode)
    data = content(source, form)
    assert read_picture(data).size == (30, 20)
    path = tmp_path / "wrong.extension"
    path.write_bytes(data)
    assert read_picture(path).size == (30, 20)


def test_first_frame_of_an_animation() -> None:
    frames = [Image.new("L", (5, 4), shade) for shade in (10, 200)]
    data = content(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert read_picture(data).convert("L").getpixel((0, 0)) == 10


def test_jpeg_is_decoded_smaller_but_never_below_enough() -> None:
    data = content(Image.new("RGB", (1600, 1200)), "JPEG")
    image = read_picture(data, enough=400)
    assert image.size == (800, 600)
    assert original_size(image) == (1600, 1200)
    assert read_picture(data).size == (1600, 1200)


def test_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"nothing\.png: no such file"):
        read_picture(tmp_path / "nothing.png")


def test_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="is a folder, not a picture"):
        read_picture(tmp_path)


def test_null_byte_in_a_path() -> None:
    with pytest.raises(PictureError, match="cannot be opened"):
        read_picture(Path("a\0b.png"))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"hello, this is text", "is not a picture that siam reads"),
        (b"%PDF-1.7 ...", "it is a PDF document"),
        (b"<svg xmlns='...'>", "it is an SVG drawing"),
        (b"PK\x03\x04 zipped", "a ZIP archive"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "is not a picture that siam reads"),
        (b"\x89PNG\r\n\x1a\n", "is not a picture|damaged"),
    ],
)
def test_what_is_no_picture(data: bytes, words: str) -> None:
    with pytest.raises(PictureError, match=words) as caught:
        read_picture(data, name="upload")
    assert str(caught.value).startswith("upload")
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("form", ["PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "AVIF"])
def test_truncated_files_are_refused_or_read_at_any_length(form: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8)
    data = content(Image.fromarray(noise), form)
    for part in (0.1, 0.3, 0.5, 0.7, 0.9):
        with pytest.raises(PictureError):
            read_picture(data[: int(len(data) * part)])


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few dozen bytes that claims to be huge."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + rows + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(12_001, 10_000), (30_000, 30_000), (2**31 - 1, 9)])
def test_bombs_are_refused_before_decoding(width: int, height: int) -> None:
    with pytest.raises(PictureError, match="too large"):
        read_picture(bomb(width, height))
    assert width * height > MAX_PIXELS


def test_picture_without_height_is_refused() -> None:
    with pytest.raises(PictureError):
        read_picture(bomb(7, 0))


def test_heic_needs_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(MissingExtraError, match=r"siam\[heic\]") as caught:
        read_picture(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40), name="IMG_1.HEIC")
    assert caught.value.exit_code == 5


def test_pipe_is_read_like_a_file(tmp_path: Path) -> None:
    source = tmp_path / "digit.png"
    source.write_bytes(content(GREY, "PNG"))
    code = (
        "import sys; from pathlib import Path; from siam.pictures.reading import read_picture;"
        "print(read_picture(Path('/dev/stdin')).size)"
    )
    with subprocess.Popen(["cat", str(source)], stdout=subprocess.PIPE) as cat:
        done = subprocess.run(
            [sys.executable, "-c", code], stdin=cat.stdout, capture_output=True, text=True
        )
    assert done.stdout.strip() == "(30, 20)", done.stderr


def test_pipes_and_devices_do_not_keep_anyone_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(PictureError, match="pipe.png is empty"):
        read_picture(tmp_path / "pipe.png")
    with pytest.raises(PictureError, match="/dev/zero is a device"):
        read_picture(Path("/dev/zero"))


@settings(max_examples=150)
@given(
    form=st.sampled_from(["PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP", "PPM"]),
    flips=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=6),
)
def test_damaged_bytes_never_give_anything_but_a_picture_error(
    form: str, flips: list[tuple[float, int]]
) -> None:
    data = bytearray(content(GREY, form))
    for place, value in flips:
        data[min(int(place * len(data)), len(data) - 1)] = value
    try:
        read_picture(bytes(data))
    except PictureError as error:
        assert str(error)  # noqa: PT017 - either outcome is right, a traceback is not


@settings(max_examples=100)
@given(data=st.binary(max_size=200))
def test_any_bytes_never_give_anything_but_a_picture_error(data: bytes) -> None:
    try:
        read_picture(data)
    except PictureError as error:
        assert error.exit_code == 3  # noqa: PT017
