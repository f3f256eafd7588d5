"""A folder or table kept in step with a run's index: nothing is lost that cannot be looked at."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from siam.engine.index.sync import add, open_to_index, sync
from siam.engine.open_run import OpenRun
from siam.errors import DataError, UsageError
from siam.index.verify import verify

Counts = Callable[[object], tuple[int, ...]]
Draw = Callable[[Path, int], None]


def test_sync_follows_a_folder(run: OpenRun, folder: Path, counts: Counts, draw: Draw) -> None:
    before = len(run.gallery)
    assert counts(sync(run, folder, dry_run=True)) == (12, 0, 0, 0)
    assert len(run.gallery) == before
    assert counts(sync(run, folder)) == (12, 0, 0, 0)
    assert counts(sync(run, folder)) == (0, 0, 0, 12)
    changed = folder / "a" / "00.png"
    known = run.gallery.ids_of([str(changed)])[str(changed)]
    draw(changed, 100)
    draw(folder / "a" / "99.png", 99)
    (folder / "c" / "02.png").unlink()
    done = sync(run, folder)
    assert counts(done) == (1, 1, 1, 10)
    assert done.total == before + 12
    assert run.gallery.ids_of([str(changed)])[str(changed)] == known
    assert counts(sync(run, folder)) == (0, 0, 0, 12)
    assert verify(run.gallery).clean


def test_sync_sees_content_behind_an_unchanged_size_and_time(
    run: OpenRun, folder: Path, counts: Counts, draw: Draw
) -> None:
    sync(run, folder)
    path = folder / "a" / "00.png"
    was = path.stat()
    draw(path, 0)
    content = path.read_bytes()
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
    generation = run.gallery.snapshot().position.generation
    assert counts(sync(run, folder)) == (0, 0, 0, 12)  # touched, and found to be the same
    assert run.gallery.snapshot().position.generation == generation
    Image.fromarray(np.full((40, 40), 200, np.uint8)).save(path)
    path.write_bytes(path.read_bytes().ljust(len(content), b"\0"))
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
    assert counts(sync(run, folder)) == (0, 1, 0, 11)


def test_a_moved_label_folder_is_followed(run: OpenRun, folder: Path, counts: Counts) -> None:
    sync(run, folder)
    (folder / "a").rename(folder / "z")
    assert counts(sync(run, folder)) == (4, 0, 4, 8)
    assert len(run.gallery.select("label=z")) == 4


def test_a_bad_picture_does_not_move_its_neighbours(
    run: OpenRun, folder: Path, counts: Counts
) -> None:
    """One unreadable file in the middle of a batch: every vector still belongs to its file."""
    sync(run, folder)
    keys = [str(path) for path in sorted(folder.rglob("*.png"))]
    ids = run.gallery.ids_of(keys)
    alone = run.gallery.vectors_of([ids[key] for key in keys])
    run.gallery.remove(list(ids.values()))
    bad = folder / "b" / "00-bad.png"
    bad.write_bytes(b"no picture")
    done = sync(run, folder)
    assert counts(done) == (12, 0, 0, 0)
    assert [skipped.path for skipped in done.skipped] == [str(bad)]
    ids = run.gallery.ids_of(keys)
    np.testing.assert_allclose(run.gallery.vectors_of([ids[key] for key in keys]), alone, atol=1e-5)


def test_a_picture_that_became_unreadable_stays(run: OpenRun, folder: Path) -> None:
    sync(run, folder)
    total = len(run.gallery)
    (folder / "a" / "00.png").write_bytes(b"gone bad")
    done = sync(run, folder)
    assert (len(done.skipped), done.removed, done.changed) == (1, 0, 0)
    assert len(run.gallery) == total


def test_pictures_at_a_place_that_cannot_be_looked_at_stay(
    run: OpenRun, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counts: Counts
) -> None:
    """A folder without rights, a disk that is not there: neither says that pictures are gone."""
    (folder / "c").rename(tmp_path / "disk")
    (folder / "c").symlink_to(tmp_path / "disk")
    assert counts(sync(run, folder)) == (12, 0, 0, 0)
    (tmp_path / "disk").rename(tmp_path / "disk that is gone")
    scandir = os.scandir

    def guarded(path: str | int) -> object:  # as it is for anyone but root
        if str(path).rstrip("/") == str(folder / "a"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    (folder / "b" / "01.png").unlink()
    for dry_run in (True, False):
        done = sync(run, folder, dry_run=dry_run)
        assert counts(done) == (0, 0, 1, 3)
        assert [skip.path for skip in done.skipped] == [str(folder / "a"), str(folder / "c")]
        assert done.skipped[0].reason == f"{folder / 'a'} cannot be opened: Permission denied."
    assert len(run.gallery.select("label=a")) == len(run.gallery.select("label=c")) == 4


def test_a_picture_of_any_name_that_is_still_there_stays(
    run: OpenRun, folder: Path, counts: Counts
) -> None:
    named = [folder / "a" / name for name in ("00.jfif", "00", ".00.png")]
    for path in named:
        Image.open(folder / "a" / "00.png").save(path, format="JPEG")
    assert counts(add(run, [str(path) for path in named], label="a")) == (3, 0, 0, 0)
    done = sync(run, folder)
    assert counts(done) == (12, 0, 0, 2) and not done.skipped  # hidden ones are left as they are
    assert len(run.gallery.select("label=a")) == 4 + 3
    for path in named:
        path.unlink()
    assert sync(run, folder).removed == 3


def test_an_interrupted_sync_goes_on(
    run: OpenRun, folder: Path, monkeypatch: pytest.MonkeyPatch, counts: Counts
) -> None:
    monkeypatch.setattr("siam.engine.index.sync.BATCH", 4)
    monkeypatch.setattr("siam.engine.reading.CHUNK", 4)

    def interrupt(what: str, done: int, total: int) -> None:
        if done >= 8:
            raise KeyboardInterrupt

    before = len(run.gallery)
    with pytest.raises(KeyboardInterrupt):
        sync(run, folder, progress=interrupt)
    assert len(run.gallery) == before + 8
    assert counts(sync(run, folder)) == (4, 0, 0, 8)
    assert verify(run.gallery).clean


def test_a_file_is_not_followed(run: OpenRun, folder: Path) -> None:
    """Synced by itself it would lose the label that its folder gives it."""
    sync(run, folder)
    picture = next(path for path in sorted(folder.rglob("*")) if path.is_file())
    before = run.gallery.labels_of(run.gallery.select()).tolist()
    with pytest.raises(UsageError, match="follows a folder or a table, received the file"):
        sync(run, picture)
    assert run.gallery.labels_of(run.gallery.select()).tolist() == before


def test_an_emptied_folder_is_not_believed(run: OpenRun, folder: Path) -> None:
    sync(run, folder)
    for path in folder.rglob("*.png"):
        path.unlink()
    with pytest.raises(DataError, match="is a disk missing") as caught:
        sync(run, folder)
    where = caught.value.cure.split('"')[1]
    assert len(run.gallery.select(where)) == 12


def test_a_missing_index_is_made_anew(run_copy: Path, folder: Path, counts: Counts) -> None:
    shutil.rmtree(run_copy / "index")
    with open_to_index(str(run_copy)) as run:
        assert counts(sync(run, folder)) == (12, 0, 0, 0)
        assert len(run.gallery) == 12


def test_names_of_any_bytes_are_indexed_and_found_again(
    run: OpenRun, folder: Path, counts: Counts
) -> None:
    name = os.fsdecode(b"caf\xe9")
    (folder / "a").rename(folder / name)
    (folder / name / "00.png").rename(folder / name / f"{name}.png")
    assert counts(sync(run, folder)) == (12, 0, 0, 0)
    assert counts(sync(run, folder)) == (0, 0, 0, 12)
    assert len(run.gallery.select("label='caf\\xe9'")) == 4
    key = str(folder / "caf\\xe9" / "caf\\xe9.png")
    assert run.gallery.ids_of([key])
    assert verify(run.gallery).checked_files == 12
    (folder / name / f"{name}.png").unlink()
    assert counts(sync(run, folder)) == (0, 0, 1, 11)
