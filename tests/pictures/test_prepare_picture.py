"""The chains that bring a picture from outside to a network's input."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from siam.errors import PictureError, UsageError
from siam.pictures.preparation import CHAINS, Preparation, prepare_picture
from siam.pictures.reading import read_picture

DIGIT = Preparation("digit", (28, 28), 1)


def seven(side: int = 200, ink: int = 0, ground: int = 255, width: int = 12) -> np.ndarray:
    """A 7 without a bar, drawn with straight strokes."""
    picture = np.full((side, side), ground, np.uint8)
    unit = side / 200
    picture[int(40 * unit) : int((40 + width) * unit), int(60 * unit) : int(140 * unit)] = ink
    for row in range(int(40 * unit), int(160 * unit)):
        left = int(140 * unit - (row - 40 * unit) * 0.4 - width * unit)
        picture[row, left : left + int(width * unit)] = ink
    return picture


def prepared(pixels: np.ndarray, **options: object) -> np.ndarray:
    return prepare_picture(Image.fromarray(pixels), DIGIT, **options).pixels[:, :, 0]


def alike(a: np.ndarray, b: np.ndarray) -> float:
    """Correlation of two pictures; 1 = the same."""
    return float(np.corrcoef(a.ravel().astype(float), b.ravel().astype(float))[0, 1])


IDEAL = prepared(seven())


def test_result_has_mnists_form() -> None:
    rows, columns = np.nonzero(IDEAL > 40)
    assert max(np.ptp(rows), np.ptp(columns)) + 1 in (19, 20, 21)
    weights = IDEAL[rows, columns].astype(float)
    assert abs(np.average(rows, weights=weights) - 13.5) < 1
    assert abs(np.average(columns, weights=weights) - 13.5) < 1
    assert IDEAL.max() == 255 and IDEAL[0].max() == 0


@pytest.mark.parametrize(
    "picture",
    [
        seven(ink=255, ground=0),
        seven(ink=30, ground=80),
        seven(ink=200, ground=160),
        seven(side=1000),
        seven(side=56),
        np.pad(seven(), ((300, 0), (0, 400)), constant_values=255),
        seven()[38:162, 58:142],
        np.repeat(seven()[:, :, None], 3, 2),
    ],
    ids=["light on dark", "dark grey", "light grey", "large", "small", "corner", "tight", "colour"],
)
def test_same_digit_in_other_circumstances(picture: np.ndarray) -> None:
    assert alike(prepared(picture), IDEAL) > 0.85


def test_uneven_light_and_shadow_are_removed() -> None:
    light = np.linspace(0.4, 1.0, 200)[None, :] * np.where(np.arange(200) > 110, 0.6, 1.0)[:, None]
    assert alike(prepared((seven(ground=240) * light).astype(np.uint8)), IDEAL) > 0.85


def test_ruled_lines_are_removed() -> None:
    picture = seven()
    for row in range(15, 200, 25):
        picture[row : row + 2][picture[row : row + 2] > 120] = 120
    result = prepare_picture(Image.fromarray(picture), DIGIT)
    assert alike(result.pixels[:, :, 0], IDEAL) > 0.8
    assert result.choices["lines_removed"] is True


def test_frame_of_a_screenshot_is_removed() -> None:
    picture = seven()
    picture[:2], picture[-2:], picture[:, :2], picture[:, -2:] = 0, 0, 0, 0
    assert alike(prepared(picture), IDEAL) > 0.9


def test_box_drawn_around_the_digit_is_removed() -> None:
    picture = seven()
    picture[30:33, 50:150] = picture[170:173, 50:150] = 0
    picture[30:173, 50:53] = picture[30:173, 147:150] = 0
    assert alike(prepared(picture), IDEAL) > 0.9


def test_pen_that_lies_beside_the_digit_is_not_the_digit() -> None:
    picture = np.hstack([seven(), np.full((200, 60), 255, np.uint8)])
    picture[80:, 225:235] = 0  # darker, longer, and cut by the border
    assert alike(prepared(picture), IDEAL) > 0.9


def test_sides_of_a_forms_boxes_are_removed() -> None:
    picture = np.full((220, 300), 255, np.uint8)
    picture[10:210, 50:250] = seven()
    picture[8:10] = picture[212:214] = 0
    picture[8:214, 40:42] = picture[8:214, 258:260] = 0
    assert alike(prepared(picture), IDEAL) > 0.9


def test_ink_of_one_colour_is_seen_under_another_light() -> None:
    light = np.linspace(0.3, 1.0, 200)[None, :, None]
    picture = np.where(seven()[:, :, None] < 128, (225, 130, 130), (230, 230, 230)) * light
    assert alike(prepared(picture.astype(np.uint8)), IDEAL) > 0.85


def test_specks_go_and_loose_strokes_stay() -> None:
    picture = seven()
    picture[10:13, 10:13] = picture[180:183, 190:193] = 0
    result = prepare_picture(Image.fromarray(picture), DIGIT)
    assert alike(result.pixels[:, :, 0], IDEAL) > 0.95
    assert result.choices["components_dropped"] == 2
    apart = seven()
    apart[58:64] = 255  # cuts the bar off the stem
    assert alike(prepared(apart), IDEAL) > 0.85


def test_exif_orientation_is_followed() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    target = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(np.rot90(seven()))).save(target, "JPEG", exif=exif)
    result = prepare_picture(read_picture(target.getvalue()), DIGIT)
    assert alike(result.pixels[:, :, 0], IDEAL) > 0.9


@pytest.mark.parametrize("ink", [0, 255])
def test_transparent_ground(ink: int) -> None:
    alpha = 255 - seven()
    rgba = np.dstack([np.full((200, 200, 3), ink, np.uint8), alpha])
    assert alike(prepared(rgba), IDEAL) > 0.95


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "I", "F", "LA", "RGBA", "YCbCr", "HSV"])
def test_every_mode(mode: str) -> None:
    image = Image.fromarray(seven())
    if mode == "HSV":
        image = image.convert("RGB")
    result = prepare_picture(image.convert(mode), DIGIT)
    assert alike(result.pixels[:, :, 0], IDEAL) > 0.95


@pytest.mark.parametrize("factor", [257, 16])
def test_sixteen_bits(factor: int) -> None:
    assert alike(prepared(seven().astype(np.uint16) * factor), IDEAL) > 0.95


def test_coloured_ink_of_the_same_lightness_is_seen() -> None:
    picture = np.where(seven()[:, :, None] < 128, (255, 235, 60), (255, 255, 255))
    assert alike(prepared(picture.astype(np.uint8)), IDEAL) > 0.9


def test_mnist_form_passes_unchanged_in_either_polarity() -> None:
    result = prepare_picture(Image.fromarray(IDEAL), DIGIT)
    assert np.array_equal(result.pixels[:, :, 0], IDEAL)
    assert result.choices["unchanged"] is True
    result = prepare_picture(Image.fromarray(255 - IDEAL), DIGIT)
    assert np.array_equal(result.pixels[:, :, 0], IDEAL)
    assert result.choices["inverted"] is True


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32 - 1))
def test_preparing_twice_is_preparing_once(seed: int) -> None:
    rng = np.random.default_rng(seed)
    picture = np.full((120, 120), 255, np.uint8)
    for row, column in rng.integers(20, 90, (4, 2)):
        picture[row : row + 10, column : column + 25] = 0
    once = prepared(picture)
    assert np.array_equal(prepared(once), once)


@settings(max_examples=150)
@given(
    pixels=hnp.arrays(
        np.uint8,
        st.one_of(
            st.tuples(st.integers(1, 40), st.integers(1, 40)),
            st.tuples(st.integers(1, 40), st.integers(1, 40), st.sampled_from([3, 4])),
        ),
    ),
    chain=st.sampled_from(CHAINS),
    channels=st.sampled_from([1, 3]),
    size=st.tuples(st.integers(4, 40), st.integers(4, 40)),
)
def test_any_pixels_give_an_input_of_the_right_shape(
    pixels: np.ndarray, chain: str, channels: int, size: tuple[int, int]
) -> None:
    result = prepare_picture(Image.fromarray(pixels), Preparation(chain, size, channels))
    assert result.pixels.shape == (*size, channels)
    assert result.pixels.dtype == np.uint8
    assert all(step.dtype == np.uint8 for _, step in result.steps)
    json.dumps(result.choices)


@pytest.mark.parametrize("shape", [(1, 10_000), (10_000, 1), (1, 1), (2, 3), (5000, 40)])
def test_odd_shapes(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    for picture in (np.zeros(shape, np.uint8), rng.integers(0, 256, shape, dtype=np.uint8)):
        assert prepared(picture).shape == (28, 28)


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_blank_picture_is_noted(shade: int) -> None:
    result = prepare_picture(Image.new("L", (300, 200), shade), DIGIT)
    assert result.notes == ("the picture is blank",)
    assert result.pixels.max() == 0


def test_several_digits_are_noted() -> None:
    three = np.hstack([seven(), seven(), seven()])
    result = prepare_picture(Image.fromarray(three), DIGIT)
    assert "more than one digit found: 3 separate marks" in result.notes
    assert result.doubtful
    assert not prepare_picture(Image.fromarray(seven()), DIGIT).doubtful


def test_ink_at_the_border_is_noted() -> None:
    cut = np.ascontiguousarray(seven()[:, 70:])
    assert "ink touches the border" in prepare_picture(Image.fromarray(cut), DIGIT).notes


def test_overrides() -> None:
    two = np.hstack([seven(), 255 - seven()[::-1]])
    left = prepare_picture(Image.fromarray(two), DIGIT, box=(0, 0, 200, 200))
    assert alike(left.pixels[:, :, 0], IDEAL) > 0.95
    assert left.choices["box"] == pytest.approx([60, 40, 140, 160], abs=3)
    turned = np.ascontiguousarray(np.rot90(seven()))
    assert alike(prepared(turned, rotate=90), IDEAL) > 0.95
    assert (
        prepare_picture(Image.fromarray(seven()), DIGIT, invert=False).choices["inverted"] is False
    )


def test_a_large_photo_decoded_smaller_gives_the_same_digit() -> None:
    target = io.BytesIO()
    Image.fromarray(seven(4000)).save(target, "JPEG")
    content = target.getvalue()
    whole, half = read_picture(content), read_picture(content, enough=DIGIT.enough)
    assert whole.size == (4000, 4000) and half.size == (2000, 2000)
    results = [prepare_picture(image, DIGIT) for image in (whole, half)]
    assert alike(*(result.pixels[:, :, 0] for result in results)) > 0.99
    boxes = [result.choices["box"] for result in results]
    assert boxes[0] == pytest.approx(boxes[1], abs=20)


def test_box_is_given_in_pixels_of_the_file() -> None:
    target = io.BytesIO()
    Image.fromarray(np.hstack([seven(1000), seven(1000)[::-1]])).save(target, "JPEG")
    image = read_picture(target.getvalue(), enough=400)
    assert image.size == (1000, 500)
    result = prepare_picture(image, DIGIT, box=(0, 0, 1000, 1000))
    assert alike(result.pixels[:, :, 0], IDEAL) > 0.9
    assert result.choices["box"] == pytest.approx([300, 200, 700, 800], abs=12)


def test_wrong_overrides() -> None:
    image = Image.fromarray(seven())
    with pytest.raises(UsageError, match="rotate must be 0, 90, 180 or 270, got 45"):
        prepare_picture(image, DIGIT, rotate=45)
    with pytest.raises(PictureError, match="is no part of the picture, which is 200 x 200"):
        prepare_picture(image, DIGIT, box=(300, 0, 400, 100))
    with pytest.raises(PictureError, match="no pixels"):
        prepare_picture(Image.new("L", (0, 5)), DIGIT)


@pytest.mark.parametrize("box", [(-1, 0, 9, 9), (0, 0, 31, 9), (0, 0, 9, 21), (5, 0, 5, 9)])
def test_a_box_that_reaches_beyond_the_picture_is_refused(box: tuple[int, ...]) -> None:
    with pytest.raises(PictureError, match="is no part of the picture, which is 30 x 20"):
        prepare_picture(Image.new("L", (30, 20)), DIGIT, box=box)  # type: ignore[arg-type]


@pytest.mark.parametrize("chain", ["photo", "none"])
def test_a_photo_of_one_colour_is_told(chain: str) -> None:
    colours = Preparation(chain, (32, 32), 3)
    copper = np.full((60, 80, 3), (180, 110, 60), np.uint8)
    compressed = io.BytesIO()
    Image.fromarray(copper).save(compressed, format="JPEG", quality=60)
    compressed.seek(0)
    for image in (Image.fromarray(copper), Image.open(compressed)):
        found = prepare_picture(image, colours)
        assert found.notes == ("nothing but one colour",)
        assert found.doubtful and not found.blank
    copper[20:40, 30:50] += 20  # a mark
    assert prepare_picture(Image.fromarray(copper), colours).findings == ()
    grey = Image.fromarray(np.full((60, 80), 90, np.uint8))
    assert prepare_picture(grey, Preparation(chain, (32, 32), 1)).doubtful
