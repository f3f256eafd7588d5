"""Folders published whole: renamed when finished, in the place of nothing that is not meant."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from siam.atomic import publish_folder, restore_replaced


@pytest.fixture
def building(tmp_path: Path) -> Path:
    """A private folder with a file in a sub-folder, as `tempfile.mkdtemp` would make it."""
    folder = tmp_path / ".building"
    (folder / "below").mkdir(parents=True)
    (folder / "below" / "file").write_text("new")
    folder.chmod(0o700)
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("empty", [False, True])
def test_a_folder_takes_a_free_or_an_empty_place(
    building: Path, tmp_path: Path, empty: bool
) -> None:
    if empty:
        (tmp_path / "place").mkdir()
    publish_folder(building, tmp_path / "place")
    assert (tmp_path / "place" / "below" / "file").read_text() == "new"
    assert names(tmp_path) == ["place"]


def test_all_of_it_is_flushed_before_it_is_renamed(
    building: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda _: published.append((tmp_path / "place").exists()))
    publish_folder(building, tmp_path / "place")
    # The file, its folder, the folder itself; and then the one that it stands in.
    assert published == [False, False, False, True]


def test_others_may_read_it_as_the_umask_says(building: Path, tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        publish_folder(building, tmp_path / "place")
    finally:
        os.umask(before)
    assert (tmp_path / "place").stat().st_mode & 0o777 == 0o750


def test_a_place_that_is_taken_is_kept_unless_it_is_to_be_replaced(
    building: Path, tmp_path: Path
) -> None:
    (tmp_path / "place").mkdir()
    (tmp_path / "place" / "old").write_text("old")
    with pytest.raises(OSError, match="place"):
        publish_folder(building, tmp_path / "place")
    assert names(tmp_path) == [".building", "place"] and names(tmp_path / "place") == ["old"]
    publish_folder(building, tmp_path / "place", replace=True)
    assert names(tmp_path) == ["place"] and names(tmp_path / "place") == ["below"]


def test_a_folder_that_was_being_replaced_comes_back(
    building: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "place").mkdir()
    (tmp_path / "place" / "old").write_text("old")
    rename = os.replace

    def killed(source: Path, target: Path) -> None:
        if source == building:
            raise KeyboardInterrupt
        rename(source, target)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, "replace", killed)
        publish_folder(building, tmp_path / "place", replace=True)
    assert names(tmp_path) == [".building", ".old-place"]
    restore_replaced(tmp_path)
    assert names(tmp_path / "place") == ["old"]
    publish_folder(building, tmp_path / "place", replace=True)
    assert names(tmp_path) == ["place"] and names(tmp_path / "place") == ["below"]
    restore_replaced(tmp_path)
    assert names(tmp_path) == ["place"]
