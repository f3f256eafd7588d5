"""Copies and moves: whole or not at all, never over a file, on any file system."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from siam.engine.sorting import transfer
from siam.engine.sorting.transfer import copy_file, move_file


@pytest.fixture(params=["links", "no links"])
def _file_system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "no links":

        def refuse(*_: object, **__: object) -> None:
            raise OSError(errno.EPERM, "no links here")

        monkeypatch.setattr(os, "link", refuse)


@pytest.mark.usefixtures("_file_system")
@pytest.mark.parametrize("work", [copy_file, move_file])
def test_a_place_that_is_taken_stays_as_it_is(tmp_path: Path, work: object) -> None:
    (tmp_path / "a").write_bytes(b"new")
    (tmp_path / "b").write_bytes(b"old")
    with pytest.raises(FileExistsError):
        work(tmp_path / "a", tmp_path / "b")  # type: ignore[operator]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "a": b"new",
        "b": b"old",
    }


@pytest.mark.usefixtures("_file_system")
def test_copy_and_move(tmp_path: Path) -> None:
    source, target = tmp_path / "a", tmp_path / "deep" / "er" / "b"
    source.write_bytes(b"content")
    copy_file(source, target, flush=True)
    assert source.read_bytes() == target.read_bytes() == b"content"
    move_file(source, target.with_name("c"))
    assert sorted(path.name for path in target.parent.iterdir()) == ["b", "c"]
    assert not source.exists()


def test_move_to_another_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"content")
    real = transfer.rename

    def apart(source: Path, target: Path) -> None:
        if source.name == "a":
            raise OSError(errno.EXDEV, "another disk")
        real(source, target)

    monkeypatch.setattr(transfer, "rename", apart)
    move_file(tmp_path / "a", tmp_path / "b")
    assert [path.name for path in tmp_path.iterdir()] == ["b"]
    assert (tmp_path / "b").read_bytes() == b"content"
