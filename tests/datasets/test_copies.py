"""Pictures that are there twice: told of, and never in the test what was trained on."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from siam.datasets.dataset import Dataset
from siam.datasets.load import load_dataset


def test_copies_are_told_and_kept_out_of_validation_and_test(
    write_folder: Callable[..., Path], assert_disjoint: Callable[[Dataset], None]
) -> None:
    folder = write_folder(count=20)
    plain = load_dataset(str(folder))
    trained = [name for name in plain.train.origins if name.startswith("pets/cat")][0]
    tested = [name for name in plain.test.origins if name.startswith("pets/cat")][0]
    shutil.copy(folder.parent / trained, folder.parent / tested)
    lines: list[str] = []
    dataset = load_dataset(str(folder), notice=lines.append)
    assert_disjoint(dataset)
    assert set(plain.test.origins) - set(dataset.test.origins) == {tested}
    assert dataset.train.origins == plain.train.origins
    first, copy = trained.removeprefix("pets/"), tested.removeprefix("pets/")
    assert f"1 picture is there twice, in two splits ({copy} is {first})" in lines[-1]


def test_two_labels_for_one_picture_are_told(write_folder: Callable[..., Path]) -> None:
    folder = write_folder(count=20)
    dataset = load_dataset(str(folder))
    first, second = (
        next(name for name in dataset.train.origins if name.startswith(f"pets/{label}"))
        for label in ("cat", "dog")
    )
    shutil.copy(folder.parent / first, folder.parent / second)
    lines: list[str] = []
    assert len(load_dataset(str(folder), notice=lines.append).train) == len(dataset.train)
    assert "1 picture is there twice, in two classes" in lines[-1]
