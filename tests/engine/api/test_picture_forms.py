"""Pictures on their way to a server: nothing is lost on it, nothing of this machine goes along."""

from __future__ import annotations

import email
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import siam
from siam.engine.answers.answer import Unreadable
from siam.engine.api.picture_forms import portions_to_send, read_content, write_form
from siam.pictures.conversion import convert_to_grey_or_rgb, turn_upright
from siam.pictures.reading import read_picture


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F"])
def test_an_image_arrives_as_it_was(mode: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (12, 9, 4), np.uint8)
    image = Image.fromarray(noise)
    image = image.convert("I").convert(mode) if mode == "I;16" else image.convert(mode)
    arrived = read_picture(read_content("image", image))
    assert np.array_equal(convert_to_grey_or_rgb(arrived), convert_to_grey_or_rgb(image))


def test_how_an_image_is_to_be_turned_goes_along() -> None:
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    Image.new("L", (6, 3)).save(file, format="JPEG", exif=exif)
    image = Image.open(file)
    arrived = read_picture(read_content("image", image))
    assert turn_upright(arrived).size == turn_upright(image).size == (3, 6)


def test_what_cannot_be_read_here_is_said_here(tmp_path: Path) -> None:
    missing, folder = tmp_path / "nowhere.png", tmp_path
    with pytest.raises(siam.PictureError, match="nowhere.png: no such file"):
        read_content("nowhere.png", missing)
    with pytest.raises(siam.PictureError, match="is a folder, not a picture"):
        read_content("folder", folder)
    with pytest.raises(siam.PictureError, match="received float32"):
        read_content("array", np.zeros((5, 5), np.float32))
    (portion,) = portions_to_send([("a", b"1"), ("gone", missing), ("b", b"2")])
    assert portion == [("a", b"1"), Unreadable("gone", "gone: no such file."), ("b", b"2")]


def test_what_is_larger_than_any_server_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siam.engine.api.picture_forms.MAX_STREAM", 2**20)
    with pytest.raises(siam.PictureError, match="big.png is larger than 1 MiB"):
        read_content("big.png", bytes(2**20 + 1))


def test_portions_end_at_a_number_and_at_a_size() -> None:
    small = [(str(place), b"x") for place in range(70)]
    assert [len(portion) for portion in portions_to_send(small)] == [32, 32, 6]
    large = [(str(place), bytes(5 * 2**20)) for place in range(3)]
    assert [len(portion) for portion in portions_to_send(large)] == [1, 1, 1]
    assert list(portions_to_send([])) == []


def test_a_form_says_no_path_and_holds_odd_names() -> None:
    pictures = [
        ("pictures", ("/home/ann/cats/a.png", b"1")),
        ("pictures", ('q"\r\n: x\udcff.png', b"2")),
        ("pictures", ("猫.png", b"\r\n--3--")),
    ]
    body, kind = write_form(pictures, {"label": "Käfer"})
    message = email.message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    parts = message.get_payload()
    assert [part.get_payload(decode=True) for part in parts[1:]] == [b"1", b"2", b"\r\n--3--"]
    assert parts[0].get_payload(decode=True) == "Käfer".encode()
    assert b"ann" not in body
    assert b'filename="q%22%0D%0A: x?.png"' in body
    assert 'filename="猫.png"'.encode() in body
