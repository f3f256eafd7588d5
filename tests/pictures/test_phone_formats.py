"""HEIC and AVIF, as telephones save their photos."""

from __future__ import annotations

import contextlib
import io
import sys

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from siam.errors import MissingExtraError, PictureError
from siam.pictures.conversion import turn_upright
from siam.pictures.preparation import Preparation, prepare_picture
from siam.pictures.reading import read_picture

pillow_heif.register_heif_opener()

# Quarter turns counter-clockwise in the file, by the EXIF note that undoes them.
STORED = {1: 0, 3: 2, 6: 1, 8: 3}


def seven() -> np.ndarray:
    pixels = np.full((200, 120, 3), 255, np.uint8)
    pixels[20:40, 20:100] = pixels[20:180, 84:100] = 0
    return pixels


def photo(form: str, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    lying = np.ascontiguousarray(np.rot90(seven(), STORED[orientation]))
    target = io.BytesIO()
    Image.fromarray(lying).save(target, form, exif=exif.tobytes(), quality=90)
    return target.getvalue()


@pytest.mark.parametrize("form", ["HEIF", "AVIF"])
@pytest.mark.parametrize("orientation", STORED)
def test_photo_is_read_upright(form: str, orientation: int) -> None:
    image = read_picture(photo(form, orientation), name="IMG_1")
    assert image.format == form
    assert np.abs(np.asarray(turn_upright(image)).astype(int) - seven()).mean() < 2


@pytest.mark.parametrize("form", ["HEIF", "AVIF"])
def test_photo_is_prepared_like_any_other(form: str) -> None:
    preparation = Preparation("digit", (28, 28), 1)
    wanted = prepare_picture(Image.fromarray(seven()), preparation).pixels
    found = prepare_picture(read_picture(photo(form, 6)), preparation).pixels
    assert np.corrcoef(found.ravel(), wanted.ravel())[0, 1] > 0.98


@pytest.mark.parametrize("form", ["HEIF", "AVIF"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_photo_cut_short_is_refused(form: str, part: float) -> None:
    content = photo(form, 1)
    with pytest.raises(PictureError, match="damaged or cut short|is not a picture"):
        read_picture(content[: int(part * len(content))])


def test_without_the_extra_the_line_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = photo("HEIF", 1)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(MissingExtraError, match=r"siam\[heic\]") as caught:
        read_picture(content, name="IMG_1.HEIC")
    assert caught.value.exit_code == 5


def test_avif_of_a_general_brand_needs_no_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    content = photo("AVIF", 1).replace(b"ftypavif", b"ftypmif1", 1)
    assert b"avif" in content[:32]
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with contextlib.suppress(
        PictureError
    ):  # whether Pillow knows the brand is its version's affair
        read_picture(content)
