"""From names to pictures: files, folders, standard input, and what cannot be looked at."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from siam.errors import DataError, PictureError
from siam.pictures.folder_walk import picture_sources
from siam.pictures.reading import Skipped, read_picture


def names_of(*names: str) -> list[str]:
    return [name for name, _ in picture_sources(names, standard_input=io.BytesIO(b"content"))]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    for name in ("a/b.png", "a-b.png", ".hidden/y.png", "10.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    return folder


def test_names_are_those_that_paths_have(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert names_of(".") == names_of("./") == ["10.png", "a/b.png", "a-b.png"]
    assert names_of("./a//") == ["a/b.png"]
    assert names_of("a/b.png", "-", "gone.png") == ["a/b.png", "-", "gone.png"]
    (content,) = [what for _, what in picture_sources("-", standard_input=io.BytesIO(b"content"))]
    assert content == b"content"


def test_what_cannot_be_looked_at_is_an_error_of_its_own(folder: Path) -> None:
    os.mkfifo(folder / "a" / "pipe.png")
    sources = dict(picture_sources([str(folder)], standard_input=io.BytesIO()))
    pipe = sources[str(folder / "a" / "pipe.png")]
    assert isinstance(pipe, Skipped) and len(sources) == 4
    with pytest.raises(PictureError, match=r"the pipe is not a plain file\."):
        read_picture(pipe, name="the pipe")


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no picture"):
        names_of(str(tmp_path))


def test_a_stream_that_never_ends_is_read_as_far_as_a_picture_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Endless(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            assert size is not None and size >= 0, "this would not come back"
            return bytes(size)

    for module in ("folder_walk", "reading"):
        monkeypatch.setattr(f"siam.pictures.{module}.MAX_STREAM", 3 << 20)
    ((_, content),) = picture_sources("-", standard_input=Endless())
    with pytest.raises(PictureError, match="standard input gives more than 3 MiB"):
        read_picture(content)
