"""Folders, pictures and arrays into a run's index, and a folder kept in step."""

from __future__ import annotations

import dataclasses
import io
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from siam.datasets.load import load_dataset
from siam.engine.index.sync import add, open_to_index, sync
from siam.engine.inputs import open_input
from siam.engine.open_run import OpenRun
from siam.errors import DataError, UsageError
from siam.index.verify import verify


@pytest.fixture
def run(run_copy: Path) -> Iterator[OpenRun]:
    with open_to_index(str(run_copy)) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve pictures in three sub-folders, each its own."""
    root = tmp_path / "pictures"
    for number in range(12):
        draw(root / "abc"[number % 3] / f"{number:02}.png", number)
    return root


def draw(path: Path, seed: int) -> None:
    """Write a picture of random dark strokes on white."""
    path.parent.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    canvas = np.full((40, 40), 255, np.uint8)
    for left, top in generator.integers(5, 28, (4, 2)):
        canvas[top : top + 7, left : left + 4] = 0
    Image.fromarray(canvas).save(path)


def counts(done: object) -> tuple[int, ...]:
    return tuple(getattr(done, name) for name in ("added", "changed", "removed", "unchanged"))


def test_a_folder_is_labelled_by_its_sub_folders(run: OpenRun, folder: Path) -> None:
    before = len(run.gallery)
    done = add(run, [str(folder)])
    assert counts(done) == (12, 0, 0, 0)
    assert done.total == before + 12
    ids = run.gallery.ids_of([str(folder / "b" / "01.png")])
    (item,) = run.gallery.items(list(ids.values()))
    assert (item.label, item.origin) == ("b", str(folder / "b" / "01.png"))
    assert run.gallery.thumbnails([item.id])[0] is not None
    assert counts(add(run, [str(folder)])) == (0, 0, 0, 12)


@pytest.mark.parametrize("classes_from", [None, "folder", "alphabet/character"])
def test_labels_are_those_of_training(
    run: OpenRun, tmp_path: Path, classes_from: str | None
) -> None:
    """Two folders above each picture: index add and sync and embed read them as training did."""
    root = tmp_path / "letters"
    for number in range(32):
        draw(
            root / ("Greek", "Latin")[number % 2] / "ab"[number // 2 % 2] / f"{number}.png", number
        )
    dataset = load_dataset(str(root), classes_from=classes_from)
    trained = {
        str(tmp_path / origin): dataset.classes[label]
        for split in (dataset.train, dataset.validation, dataset.test)
        for origin, label in zip(split.origins, split.labels, strict=True)
    }
    data = msgspec.structs.replace(run.config.data, classes_from=classes_from)
    config = dataclasses.replace(run.config, data=data)
    opened = open_input(str(root), config, standard_input=io.BytesIO())
    embedded: dict[str, str | None] = {}
    for batch in opened.batches:
        embedded |= zip(batch.keys, batch.labels, strict=True)
    assert embedded == trained
    again = dataclasses.replace(run, config=config)
    assert counts(add(again, [str(root)])) == (32, 0, 0, 0)
    assert counts(sync(again, root)) == (0, 0, 0, 32)
    ids = run.gallery.ids_of(list(trained))
    indexed = {item.key: item.label for item in run.gallery.items(list(ids.values()))}
    assert indexed == trained


def test_a_new_label_is_found_at_once(run: OpenRun, folder: Path) -> None:
    add(run, [str(folder / "a")], label="new")
    ids = run.gallery.select("label=new")
    assert len(ids) == 4
    near = run.gallery.search(run.gallery.vectors_of(ids), 1, where="label=new")
    assert near.distances.max() == 0.0


def test_metadata_is_kept_and_filtered_by(run: OpenRun, folder: Path) -> None:
    add(run, [str(folder / "a")], meta={"lux": 40})
    add(run, [str(folder / "b")], meta={"lux": 50})
    assert len(run.gallery.select("lux>=45")) == 4
    # Saying it again changes nothing; saying something else does.
    assert counts(add(run, [str(folder / "a")], meta={"lux": 40})) == (0, 0, 0, 4)
    assert counts(add(run, [str(folder / "a")], meta={"lux": 41})) == (0, 4, 0, 0)
    assert len(run.gallery.select("lux=41")) == 4


def test_sync_follows_a_folder(run: OpenRun, folder: Path) -> None:
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


def test_sync_sees_content_behind_an_unchanged_size_and_time(run: OpenRun, folder: Path) -> None:
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


def test_a_moved_label_folder_is_followed(run: OpenRun, folder: Path) -> None:
    sync(run, folder)
    (folder / "a").rename(folder / "z")
    assert counts(sync(run, folder)) == (4, 0, 4, 8)
    assert len(run.gallery.select("label=z")) == 4


def test_a_bad_picture_does_not_move_its_neighbours(run: OpenRun, folder: Path) -> None:
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
    run: OpenRun, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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


def test_a_picture_of_any_name_that_is_still_there_stays(run: OpenRun, folder: Path) -> None:
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


def test_a_pipe_is_never_opened(run: OpenRun, folder: Path) -> None:
    os.mkfifo(folder / "a" / "pipe.png")
    done = add(run, [str(folder)])
    assert counts(done) == (12, 0, 0, 0)
    assert [skip.path for skip in done.skipped] == [str(folder / "a" / "pipe.png")]
    with pytest.raises(DataError, match="is not a plain file"):
        add(run, [str(folder / "a" / "pipe.png")])


def test_an_interrupted_sync_goes_on(
    run: OpenRun, folder: Path, monkeypatch: pytest.MonkeyPatch
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


def test_arrays(run: OpenRun, tmp_path: Path) -> None:
    height, width, _ = run.encoder.picture_shape
    pictures = np.random.default_rng(0).integers(0, 256, (10, height, width), dtype=np.uint8)
    path = tmp_path / "arrays.npz"
    np.savez(path, x=pictures, y=np.arange(10) % 3)
    assert counts(add(run, [str(path)])) == (10, 0, 0, 0)
    assert counts(add(run, [str(path)])) == (0, 0, 0, 10)
    ids = list(run.gallery.ids_of([f"{path}#4"]).values())
    assert run.gallery.items(ids)[0].label == "1"
    np.savez(path, x=pictures)
    add(run, [str(path)], label="all")
    assert len(run.gallery.select("label=all")) == 10


@pytest.mark.parametrize(
    ("sources", "words"),
    [(["nowhere.png"], "There is no picture"), (["."], "holds no picture")],
)
def test_sources_that_are_not_there(run: OpenRun, sources: list[str], words: str) -> None:
    with pytest.raises(DataError, match=words):
        add(run, sources)


def test_a_single_bad_picture_is_an_error(run: OpenRun, tmp_path: Path) -> None:
    path = tmp_path / "bad.png"
    path.write_bytes(b"no picture")
    with pytest.raises(DataError, match="is not a picture"):
        add(run, [str(path)])


def test_a_missing_index_is_made_anew(run_copy: Path, folder: Path) -> None:
    import shutil

    shutil.rmtree(run_copy / "index")
    with open_to_index(str(run_copy)) as run:
        assert counts(sync(run, folder)) == (12, 0, 0, 0)
        assert len(run.gallery) == 12


def test_names_of_any_bytes_are_indexed_and_found_again(run: OpenRun, folder: Path) -> None:
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


def test_a_table_labels_what_it_names(run: OpenRun, folder: Path) -> None:
    table = folder / "labels.csv"
    table.write_text("path,label\na/00.png,one\nb/01.png,two\nc/02.png,\n")
    assert counts(add(run, [str(table)])) == (3, 0, 0, 0)
    names = [str(folder / name) for name in ("a/00.png", "b/01.png", "c/02.png")]
    ids = run.gallery.ids_of(names)
    assert [i.label for i in run.gallery.items([ids[n] for n in names])] == ["one", "two", None]
    assert counts(sync(run, table)) == (0, 0, 0, 3)
