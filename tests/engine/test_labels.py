"""Labels of files in a run's own data set and in any other folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from siam.datasets.load import load_dataset
from siam.engine.labels import label_files
from siam.pictures.preparation import Preparation
from siam.recipe import Recipe
from siam.runs.config import DataChoice, RunConfig, TrainChoice, new_config


def config_of(source: Path, classes: Sequence[str], data: DataChoice) -> RunConfig:
    """The configuration of a run that was trained on a folder."""
    return RunConfig(
        data=data,
        train=TrainChoice(),
        recipe=Recipe(),
        name=source.name,
        source=str(source),
        fingerprint="",
        classes=tuple(classes),
        groups=(),
        preparation=Preparation("photo", (20, 20), 1),
    )


def labels(folder: Path, paths: Sequence[str], config: RunConfig) -> dict[str, str]:
    found = label_files(folder, paths, config)
    return {path: entry.class_name for path, entry in found.items()}


@pytest.mark.parametrize(
    ("below", "path", "label"),
    [
        ("", "cats/1.png", "cats"),
        ("cats", "1.png", "cats"),
        ("cats/2021", "1.png", "cats"),
        ("set/train/cats", "1.png", "cats"),
        ("owls", "1.png", "owls"),
    ],
)
def test_a_part_of_the_data_set_is_labelled_as_the_whole(
    tmp_path: Path, below: str, path: str, label: str
) -> None:
    config = config_of(tmp_path, ["cats", "dogs"], DataChoice(classes_from="1"))
    (tmp_path / below).mkdir(parents=True, exist_ok=True)
    assert labels(tmp_path / below, [path], config) == {path: label}


def test_nested_classes_keep_their_depth(tmp_path: Path) -> None:
    config = config_of(tmp_path, ["Greek/alpha", "Latin/b"], DataChoice(classes_from="2"))
    (tmp_path / "Greek").mkdir()
    paths = ["alpha/1.png", "beta/1.png"]
    assert labels(tmp_path / "Greek", paths, config) == {
        "alpha/1.png": "Greek/alpha",
        "beta/1.png": "Greek/beta",
    }


def test_other_folders_are_data_sets_of_their_own(tmp_path: Path) -> None:
    config = config_of(tmp_path / "photos", ["cats", "dogs"], DataChoice(classes_from="1"))
    (tmp_path / "new").mkdir()
    assert labels(tmp_path / "new", ["owls/old/1.png", "2.png"], config) == {
        "owls/old/1.png": "owls"
    }


def test_a_run_that_learned_from_a_table_asks_it(write_folder: Callable[..., Path]) -> None:
    folder = write_folder()
    table = folder / "labels.csv"
    table.write_text("path,label\ncat/0.png,tabby\ncat/1.png,\n")
    config = config_of(folder, ["tabby", "black"], DataChoice(dataset=str(table)))
    assert labels(folder, ["cat/0.png", "cat/1.png", "dog/0.png"], config) == {"cat/0.png": "tabby"}
    assert labels(folder / "cat", ["0.png"], config) == {"0.png": "tabby"}


def test_a_run_records_how_deep_its_classes_lie(write_folder: Callable[..., Path]) -> None:
    folder = write_folder()
    for name in ("cat", "dog"):
        (folder / name).rename(folder / "moved")
        (folder / name).mkdir()
        (folder / "moved").rename(folder / name / "one")
    config = new_config(
        load_dataset(str(folder)), DataChoice(dataset=str(folder)), TrainChoice(), Recipe()
    )
    assert config.data.classes_from == "2"
    assert labels(folder / "cat", ["one/0.png"], config) == {"one/0.png": "cat/one"}
    digits = new_config(load_dataset("digits"), DataChoice(), TrainChoice(), Recipe())
    assert digits.data.classes_from is None
