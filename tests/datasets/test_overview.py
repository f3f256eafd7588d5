"""What is said of a folder before it is learned from."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from siam.datasets.load import load_dataset


def test_all_that_was_found_and_left_out_is_said(
    write_folder: Callable[..., Path], write_picture: Callable[..., Path]
) -> None:
    folder = write_folder(("cat", "dog", "thumbs"))
    write_picture(folder / "dog" / "more.png", seed=900)
    for name in ("empty", "broken"):
        (folder / name).mkdir()
    (folder / "broken" / "1.png").write_text("no picture")
    (folder / "cat" / "notes.txt").write_text("no picture")
    (folder / ".git").mkdir()
    write_picture(folder / "loose.png", seed=901)
    os.mkfifo(folder / "cat" / "pipe.png")
    said: list[str] = []
    load_dataset(str(folder), notice=said.append)
    assert said == [
        "4 classes (broken, cat, dog, thumbs), 26 pictures: 1 (broken) to 9 (dog) of each.",
        "Splits: 14 train, 6 validation, 6 test; test and validation drawn by seed 0.",
        "Prepared as photo (whole pictures with their aspect), 20 x 20: 0 of 13 pictures looked "
        "at are drawings. Otherwise:  --prepare, --size",
        "Taken for classes, though their names are those of splits or thumbnails: thumbs. If they "
        "are none, move them away.",
        "Left out: 1 folder without a picture (empty), 1 class without a whole picture (broken), "
        "1 unreadable picture (broken/1.png), 1 closed place (cat/pipe.png), 1 picture in no class "
        "(loose.png), 1 other files, 1 hidden or system files.",
    ]


def test_splits_of_the_folder_and_one_without_labels_are_said(
    tmp_path: Path, write_picture: Callable[..., Path]
) -> None:
    for seed, (part, name) in enumerate((p, n) for p in ("train", "val") for n in "ab"):
        for number in range(6):
            write_picture(tmp_path / part / name / f"{number}.png", seed=10 * seed + number)
    write_picture(tmp_path / "test" / "1.png", seed=900)
    said: list[str] = []
    load_dataset(str(tmp_path), notice=said.append)
    assert "Splits: 8 train, 12 validation, 4 test; test drawn by seed 0." in said
    assert any(line.startswith("In test no folder names a class: without") for line in said)
