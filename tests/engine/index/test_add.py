"""Pictures, folders, tables and arrays into a run's index, with the labels of training."""

from __future__ import annotations

import dataclasses
import io
import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest

from siam.datasets.load import load_dataset
from siam.engine.index.sync import add, sync
from siam.engine.inputs import open_input
from siam.engine.open_run import OpenRun
from siam.errors import DataError

Counts = Callable[[object], tuple[int, ...]]
Draw = Callable[[Path, int], None]


def test_a_folder_is_labelled_by_its_sub_folders(
    run: OpenRun, folder: Path, counts: Counts
) -> None:
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
    run: OpenRun, tmp_path: Path, classes_from: str | None, counts: Counts, draw: Draw
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
    for batch in opened.batches(range(len(opened.keys))):
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


def test_metadata_is_kept_and_filtered_by(run: OpenRun, folder: Path, counts: Counts) -> None:
    add(run, [str(folder / "a")], meta={"lux": 40})
    add(run, [str(folder / "b")], meta={"lux": 50})
    assert len(run.gallery.select("lux>=45")) == 4
    # Saying it again changes nothing; saying something else does.
    assert counts(add(run, [str(folder / "a")], meta={"lux": 40})) == (0, 0, 0, 4)
    assert counts(add(run, [str(folder / "a")], meta={"lux": 41})) == (0, 4, 0, 0)
    assert len(run.gallery.select("lux=41")) == 4


def test_a_pipe_is_never_opened(run: OpenRun, folder: Path, counts: Counts) -> None:
    os.mkfifo(folder / "a" / "pipe.png")
    done = add(run, [str(folder)])
    assert counts(done) == (12, 0, 0, 0)
    assert [skip.path for skip in done.skipped] == [str(folder / "a" / "pipe.png")]
    with pytest.raises(DataError, match="is not a plain file"):
        add(run, [str(folder / "a" / "pipe.png")])


def test_arrays(run: OpenRun, tmp_path: Path, counts: Counts) -> None:
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


def test_a_table_labels_what_it_names(run: OpenRun, folder: Path, counts: Counts) -> None:
    table = folder / "labels.csv"
    table.write_text("path,label\na/00.png,one\nb/01.png,two\nc/02.png,\n")
    assert counts(add(run, [str(table)])) == (3, 0, 0, 0)
    names = [str(folder / name) for name in ("a/00.png", "b/01.png", "c/02.png")]
    ids = run.gallery.ids_of(names)
    assert [i.label for i in run.gallery.items([ids[n] for n in names])] == ["one", "two", None]
    assert counts(sync(run, table)) == (0, 0, 0, 3)
