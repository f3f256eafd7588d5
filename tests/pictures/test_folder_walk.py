"""The one walk of a folder: links, clutter, pipes, closed folders, pictures under any name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from siam.errors import DataError, UsageError
from siam.pictures.folder_walk import walk_folder

PGM = b"P5 2 1 255 ab"


def touch(folder: Path, *paths: str, content: bytes = b"") -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def pictures(folder: Path) -> list[str]:
    return list(walk_folder(folder).pictures)


def test_pictures_come_in_the_order_of_their_paths_without_clutter(tmp_path: Path) -> None:
    touch(tmp_path, "b/2.png", "b/10.png", "a/x/1.png", "B.JPG", "a/b.png", "a-b.png")
    touch(tmp_path, ".hidden/1.png", "a/._1.png", "@eaDir/1.png", "__MACOSX/a/1.png", content=PGM)
    touch(tmp_path, ".ipynb_checkpoints/1.png", "a/Thumbs.db", "desktop.ini", content=PGM)
    (tmp_path / "folder.png").mkdir()
    listing = walk_folder(tmp_path)
    assert listing.pictures == (
        "B.JPG", "a/b.png", "a/x/1.png", "a-b.png", "b/10.png", "b/2.png",
    )  # fmt: skip
    assert (listing.skipped, listing.others) == ((), 0)


def test_content_counts_whatever_the_name(tmp_path: Path) -> None:
    touch(tmp_path, "scan", "photo.jfif", "list.csv", content=PGM)
    touch(tmp_path, "notes.txt", "empty", content=b"")
    touch(tmp_path, "text.png", content=b"no picture, and its reader will say so")
    listing = walk_folder(tmp_path)
    assert listing.pictures == ("list.csv", "photo.jfif", "scan", "text.png")
    assert (listing.skipped, listing.others) == ((), 2)


def test_a_hidden_folder_that_is_named_is_walked(tmp_path: Path) -> None:
    touch(tmp_path, ".thumbs/1.png")
    assert pictures(tmp_path / ".thumbs") == ["1.png"]


def test_links_are_followed_but_not_in_a_circle(tmp_path: Path) -> None:
    touch(tmp_path, "elsewhere/1.png", "set/a/1.png", "sibling/1.png")
    (tmp_path / "set" / "b").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "set" / "link.png").symlink_to(tmp_path / "elsewhere" / "1.png")
    (tmp_path / "set" / "a" / "up").symlink_to(tmp_path / "set")
    (tmp_path / "set" / "above").symlink_to(tmp_path)  # nobody means to read all of that
    assert pictures(tmp_path / "set") == ["a/1.png", "b/1.png", "link.png"]


def test_a_folder_is_visited_once_and_by_its_own_path(tmp_path: Path) -> None:
    """Ten folders that link to each other would be millions of paths."""
    for number in range(10):
        touch(tmp_path, f"z/{number}/1.png")
    for number in range(10):
        for other in range(10):
            (tmp_path / "z" / str(number) / f"to{other}").symlink_to(tmp_path / "z" / str(other))
    (tmp_path / "a").symlink_to(tmp_path / "z" / "3")
    assert pictures(tmp_path) == [f"z/{number}/1.png" for number in range(10)]


def test_pipes_and_dead_links_are_skipped_not_waited_for(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.png")
    os.mkfifo(tmp_path / "a" / "pipe.png")
    os.mkfifo(tmp_path / "a" / "pipe")
    (tmp_path / "a" / "dead.png").symlink_to(tmp_path / "gone.png")
    listing = walk_folder(tmp_path)
    assert listing.pictures == ("a/1.png",)
    assert [(skip.path, skip.reason) for skip in listing.skipped] == [
        ("a/dead.png", "cannot be opened: No such file or directory"),
        ("a/pipe", "is not a plain file"),
        ("a/pipe.png", "is not a plain file"),
    ]


@pytest.fixture
def close(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Close a folder, as one is for anyone but root."""

    def shut(folder: Path) -> None:
        scandir = os.scandir

        def guarded(path: str) -> Any:
            if Path(path) == folder:
                raise PermissionError(13, "Permission denied", path)
            return scandir(path)

        monkeypatch.setattr(os, "scandir", guarded)

    return shut


def test_a_closed_folder_is_skipped(tmp_path: Path, close: Callable[[Path], None]) -> None:
    touch(tmp_path, "a/1.png", "b/c/1.png", "d/1.png")
    close(tmp_path / "b")
    listing = walk_folder(tmp_path)
    assert listing.pictures == ("a/1.png", "d/1.png")
    (skip,) = listing.skipped
    assert (skip.path, skip.reason) == ("b", "cannot be opened: Permission denied")
    close(tmp_path)
    with pytest.raises(DataError, match="cannot be opened: Permission denied"):
        walk_folder(tmp_path)


def test_no_such_folder_and_none_with_pictures(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="absent is not a folder"):
        walk_folder(tmp_path / "absent")
    touch(tmp_path, "a.txt", "b.txt")
    with pytest.raises(DataError, match=r"holds no picture, but 2 other files\."):
        walk_folder(tmp_path)
    assert walk_folder(tmp_path, may_be_empty=True).pictures == ()


def test_the_whole_disk_is_no_folder_of_pictures(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/")
    for folder in (Path("/"), tmp_path / "link"):
        with pytest.raises(UsageError, match="the whole disk"):
            walk_folder(folder, may_be_empty=True)
