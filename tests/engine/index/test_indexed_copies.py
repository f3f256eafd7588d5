"""Pictures in the index without a label, and pictures that are asked about and are in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from siam.engine.answers.answer import Answer
from siam.engine.index.sync import add, open_to_index
from siam.engine.open_run import OpenRun
from siam.engine.query import query_pictures
from siam.runs.held_out import load_held_out


@pytest.fixture
def run(run_copy: Path) -> Iterator[OpenRun]:
    """A run whose index is empty."""
    with open_to_index(str(run_copy)) as opened:
        opened.gallery.remove(opened.gallery.select())
        yield opened


@pytest.fixture
def files(trained: Path, tmp_path: Path) -> list[Path]:
    """Test digits as files: three of each of two classes, one class after the other."""
    _, test = load_held_out(trained)
    labels = np.unique(test.labels)[:2]
    rows = np.concatenate([np.flatnonzero(test.labels == label)[:3] for label in labels])
    paths = [tmp_path / f"{place}.png" for place in range(len(rows))]
    for path, row in zip(paths, rows, strict=True):
        Image.fromarray(test.pictures[row, :, :, 0]).save(path)
    return paths


def ask(run: OpenRun, path: Path) -> Answer:
    (answer,) = query_pictures(run, [(path.name, path)])
    assert isinstance(answer, Answer)
    return answer


def test_a_picture_without_a_label_has_no_vote(run: OpenRun, files: list[Path]) -> None:
    add(run, [str(files[0])])
    answer = ask(run, files[1])
    assert (answer.verdict, answer.label) == ("no match", None)
    assert answer.reason.startswith(f"nearest {files[0]} at ")
    assert answer.reason.endswith("; no label known")
    add(run, [str(files[2])], label="a")
    assert ask(run, files[1]).label == "a"
    assert ask(run, files[0]).label == "a"  # it is there itself, and nobody has named it


def test_a_picture_that_is_in_the_index_says_so(run: OpenRun, files: list[Path]) -> None:
    add(run, [str(path) for path in files[:3]], label="a")
    assert ask(run, files[0]).reason.startswith(f"it is in the index, as {files[0]}; nearest a at")
    assert "it is in the index" not in ask(run, files[3]).reason


def test_its_own_label_counts_though_its_neighbours_have_another(
    run: OpenRun, files: list[Path], tmp_path: Path
) -> None:
    add(run, [str(files[0])], label="b")
    for place in range(3):  # nearly the same, three times
        pixels = np.asarray(Image.open(files[0])).copy()
        pixels[14, 10 + place] ^= 3
        Image.fromarray(pixels).save(tmp_path / f"near {place}.png")
    add(run, [str(path) for path in tmp_path.glob("near *.png")], label="a")
    answer = ask(run, files[0])
    assert (answer.verdict, answer.label) == ("unsure", "b")
    assert answer.reason == "it is in the index, labelled b; its neighbours say a"


def test_two_labels_for_one_picture_are_told(
    run: OpenRun, files: list[Path], tmp_path: Path
) -> None:
    copy = tmp_path / "copy.png"
    copy.write_bytes(files[0].read_bytes())
    add(run, [str(files[0])], label="a")
    add(run, [str(copy)], label="b")
    answer = ask(run, files[0])
    assert answer.verdict == "unsure"
    assert answer.reason == "it is in the index with 2 labels: a, b"
