from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from siam.datasets.folder import folder_pictures, list_files
from siam.errors import DataError


def touch(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).touch()


def test_lists_all_files_in_order_without_clutter(tmp_path: Path) -> None:
    touch(tmp_path, "b/2.png", "b/10.png", "a/x/1.png", "note.txt")
    touch(tmp_path, ".git/config", "a/.DS_Store", "a/Thumbs.db", "__MACOSX/a/1.png")
    paths, skipped = list_files(tmp_path)
    assert paths == ["note.txt", "a/x/1.png", "b/10.png", "b/2.png"]
    assert skipped == []


def test_links_are_followed_but_not_in_a_circle(tmp_path: Path) -> None:
    touch(tmp_path, "elsewhere/1.png", "set/a/1.png")
    (tmp_path / "set" / "b").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "set" / "a" / "up").symlink_to(tmp_path / "set")
    paths, _ = list_files(tmp_path / "set")
    assert paths == ["a/1.png", "b/1.png"]


def test_pipes_and_dead_links_are_skipped_not_waited_for(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.png")
    os.mkfifo(tmp_path / "a" / "pipe.png")
    (tmp_path / "a" / "dead.png").symlink_to(tmp_path / "gone.png")
    paths, skipped = list_files(tmp_path)
    assert paths == ["a/1.png"]
    assert [(s.path, s.reason) for s in skipped] == [
        ("a/dead.png", "is not a plain file"),
        ("a/pipe.png", "is not a plain file"),
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open every folder")
def test_closed_sub_folder_is_skipped(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.png", "b/1.png")
    (tmp_path / "b").chmod(0)
    paths, skipped = list_files(tmp_path)
    (tmp_path / "b").chmod(0o700)
    assert paths == ["a/1.png"]
    assert skipped[0].reason == "cannot be opened: Permission denied"


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="absent is not a folder"):
        list_files(tmp_path / "absent")


def test_the_set_is_named_after_the_folder_and_reads_from_it(
    write_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_folder(count=1)
    monkeypatch.chdir(folder)
    files = folder_pictures(Path("."))
    assert (files.name, files.source) == ("pets", str(folder))
    assert files.fetch("cat/0.png") == Path("cat/0.png")
