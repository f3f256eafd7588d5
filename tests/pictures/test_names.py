"""File names of any bytes as text, and back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from siam.pictures.names import path_of, to_label, to_text


@pytest.mark.parametrize("name", [b"a.png", "é☃.png".encode(), b"caf\xe9.png", b"\xff\xfe/\x80"])
def test_text_is_unicode_and_leads_back(name: bytes) -> None:
    text = to_text(os.fsdecode(name))
    text.encode()  # no surrogates are left
    assert os.fsencode(path_of(text)) == name


def test_half_a_character_is_escaped_too() -> None:
    text = to_text("a\ud83d.png")
    text.encode()
    assert str(path_of(text)) == "a\ud83d.png"


def test_a_name_that_looks_escaped_is_itself_where_it_is_there(tmp_path: Path) -> None:
    file = tmp_path / "a\\xe9.png"
    assert path_of(str(file)) != file
    file.touch()
    assert path_of(str(file)) == file


def test_labels_are_composed() -> None:
    assert to_label("cafe\u0301") == to_label("caf\u00e9") == "caf\u00e9"
