"""`config.toml`: kept and read again, of an earlier release too; a wrong one is one error."""

from __future__ import annotations

from pathlib import Path

import pytest

from siam.errors import DataError, RunError
from siam.pictures.preparation import Preparation
from siam.recipe import Recipe
from siam.runs.config import (
    DataChoice,
    MeasuredPrecision,
    RunConfig,
    TrainChoice,
    describe_precision,
    load_config,
    save_config,
)

# As an earlier release wrote it.
OLD = """
[dataset]
name = "digits"
source = "scikit-learn"
fingerprint = "ebfd"
classes = ["0", "1"]
groups = []

[data]
dataset = "digits"
holdout_classes = []

[train]
preset = "quick"
seed = 0
pairs = "batch"
patience = 0

[train.overrides]
precision = "float32"

[prepare]
chain = "digit"
size = [28, 28]
channels = 1

[recipe]
tower = "small"
members = 1
dim = 64
loss = "contrastive"
head_weight = 0.0
epochs = 9
average = 0.9
precision = "float32"
plain = 0.25
hardest = 0.5
strangers = 0.0
views = 1

[recipe.augment]
rotation = 10
bands = 0.0
"""


MEASURED = MeasuredPrecision(
    device="a laptop", backend="jax", seconds={"float32": 0.161, "mixed_bfloat16": 1.6}
)


def config(**changes: object) -> RunConfig:
    """A configuration with some values of its own."""
    values: dict[str, object] = {
        "data": DataChoice(dataset="pets", size=32, holdout_classes=("cat",)),
        "train": TrainChoice(preset="best", overrides={"epochs": "2"}, seed=4),
        "recipe": Recipe(dim=32),
        "name": "pets",
        "source": "/home/ann/pets",
        "fingerprint": "abc",
        "classes": ("cat\n\x1b[31m", 'a "dog"'),
        "groups": ("one", "two"),
        "preparation": Preparation("photo", (32, 32), 3),
    }
    return RunConfig(**values | changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"groups": ()},
        {"data": DataChoice()},
        {"precision": MEASURED},
    ],
)
def test_a_configuration_is_read_as_it_was_kept(tmp_path: Path, changes: dict[str, object]) -> None:
    save_config(tmp_path, config(**changes))
    assert load_config(tmp_path) == config(**changes)


def test_a_precision_is_told_with_what_it_was_chosen_by() -> None:
    recipe = Recipe(precision="float32")
    told = describe_precision(config(recipe=recipe, precision=MEASURED))
    assert told == "float32: 0.16 s a step; mixed_bfloat16 1.6 s"
    assert describe_precision(config(recipe=recipe)) == "float32"


def test_the_configuration_of_an_earlier_release_is_read(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(OLD)
    read = load_config(tmp_path)
    assert (read.name, read.classes, read.data.dataset) == ("digits", ("0", "1"), "digits")
    assert read.train == TrainChoice(preset="quick", overrides={"precision": "float32"})
    assert read.preparation == Preparation("digit", (28, 28), 1)
    assert (read.recipe.epochs, read.recipe.augment.rotation) == (9, 10.0)
    assert read.retired == {"average": 0.9}


@pytest.mark.parametrize(
    ("now", "other", "words"),
    [
        ('name = "digits"', "name = 3", "Expected `str`, got `int` - at `$.dataset.name`"),
        ('"0", "1"', "0, 1", "at `$.dataset.classes"),
        ('"0", "1"', "", "at `$.dataset.classes`"),
        ("groups = []", 'groups = ["one"]', "groups are none or one for each class"),
        ("groups = []", "", "missing required field `groups`"),
        ("seed = 0", "seed = -1", "at `$.train.seed`"),
        ("seed = 0", "seed = nan", "at `$.train.seed`"),
        ("seed = 0", "seed = 0\nspeed = 1", "unknown field `speed` - at `$.train`"),
        ("[train]", "[teach]", "unknown field `teach`"),
        ('preset = "quick"', 'preset = "fast"', "'fast' - at `$.train.preset`"),
        ('pairs = "batch"', 'pairs = "foo"', "'foo' - at `$.train.pairs`"),
        ("[28, 28]", "[28]", "at `$.prepare.size`"),
        ("[28, 28]", "[28, 100000]", "size must be"),
        ("channels = 1", "channels = 2", "channels must be 1 or 3"),
        ('chain = "digit"', 'chain = "wash"', "prepare must be one of"),
        ("plain = 0.25", "plain = nan", "A recipe's plain cannot be nan"),
        ("plain = 0.25", "plain = [1, 2]", "A recipe's plain cannot be"),
        ("epochs = 9", "epochs = 9\nmood = 1", "A recipe has no value 'mood'"),
        ("[prepare]", "[prepare", "cannot be read"),
        ("groups = []", "groups = " + "[" * 100_000, "cannot be read"),
        ("groups = []", "groups = []\nclasses = []", "cannot be read"),
    ],
)
def test_a_wrong_configuration_is_one_error(
    tmp_path: Path, now: str, other: str, words: str
) -> None:
    assert OLD.count(now) == 1
    (tmp_path / "config.toml").write_text(OLD.replace(now, other))
    with pytest.raises(RunError) as raised:
        load_config(tmp_path)
    assert words in raised.value.problem
    assert str(tmp_path / "config.toml") in raised.value.problem
    assert "Traceback" not in str(raised.value)


def test_a_configuration_that_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="shorter names"):
        save_config(tmp_path, config(classes=("c" * (9 << 20),), groups=()))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"a = 1", b"#" * (9 << 20), None])
def test_what_is_no_configuration_is_one_error(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "config.toml").write_bytes(content)
    with pytest.raises(RunError, match="config.toml"):
        load_config(tmp_path)
