"""Folders are walked in order; links, pipes and what may not be read do no harm."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest

from siam.errors import DataError
from siam.pictures.sources import picture_sources


def found(*names: str) -> list[str]:
    return [name for name, _ in picture_sources(names, standard_input=io.BytesIO(b"content"))]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    for name in ("a/b.png", "a-b.png", "B.JPG", "a/deep/er/x.gif", ".hidden/y.png", "10.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    (folder / "notes.txt").write_text("")
    (folder / "folder.png").mkdir()
    return folder


def test_a_folder_is_walked_in_the_order_of_its_paths(folder: Path) -> None:
    inside = [str(Path(name).relative_to(folder)) for name in found(str(folder))]
    assert inside == [
        ".hidden/y.png", "10.png", "B.JPG", "a/b.png", "a/deep/er/x.gif", "a-b.png",
    ]  # fmt: skip


def test_names_are_those_that_paths_have(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert "a/b.png" in found(".") and "a/b.png" in found("./") and "a/b.png" in found("./a//")
    assert found("a/b.png", "-", "gone.png") == ["a/b.png", "-", "gone.png"]
    (content,) = [what for _, what in picture_sources("-", standard_input=io.BytesIO(b"content"))]
    assert content == b"content"


def test_links_and_pipes(folder: Path) -> None:
    os.symlink(folder / "10.png", folder / "link.png")
    os.symlink(folder / "gone.png", folder / "broken.png")
    os.symlink(folder, folder / "a" / "around")
    os.mkfifo(folder / "pipe.png")
    inside = [str(Path(name).relative_to(folder)) for name in found(str(folder))]
    assert "link.png" in inside and len(inside) == 7


def test_what_may_not_be_read_is_passed_over(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def guarded(path: str) -> Any:  # as it is for anyone but root
        if path.endswith("/a"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    assert len(found(str(folder))) == 4


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no picture"):
        found(str(tmp_path))
