"""A run's `config.toml`: everything needed to train it again."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from siam.atomic import write_text
from siam.errors import DataError, RunError, UsageError
from siam.recipe import Pairs, Preset, Recipe, read_recipe
from siam.run_files import CONFIG_FILE
from siam.untrusted import read_toml

if TYPE_CHECKING:
    from siam.datasets.dataset import Dataset
    from siam.pictures.preparation import Preparation

__all__ = [
    "BaseTable",
    "DataChoice",
    "MeasuredPrecision",
    "RunConfig",
    "TowerTable",
    "TrainChoice",
    "dataset_word",
    "describe_precision",
    "load_config",
    "new_config",
    "save_config",
]

# Half a million classes of short names. TOML is read a character at a time, a megabyte in a second.
MOST_BYTES = 8 << 20
Seed = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file, in which every name is known and every value of its type."""


class DataChoice(Table, frozen=True, kw_only=True):
    """Which data set, and how it is read; see `siam.datasets.load.load_dataset`."""

    dataset: str | None = None
    data_dir: str | None = None
    size: int | None = None
    classes_from: str | None = None
    holdout_classes: tuple[str, ...] = ()
    prepare: str | None = None


class TrainChoice(Table, frozen=True, kw_only=True):
    """How to train: a preset, what overrides it, the seed.

    Attributes:
        preset: "quick", "balanced" or "best".
        overrides: recipe values by name, "augment.rotation" for a nested one, as text.
        seed: fixes splits, sampling, initialisation and order.
        pairs: "batch" or "sampled".
        patience: epochs without a better validation loss before stopping; 0 = never.
        minutes: wall time that the epochs were chosen for; None = they were not.
        weights: the file of a pretrained tower's backbone; None = Keras' own, if it is at hand.
    """

    preset: Preset = "balanced"
    overrides: Mapping[str, str] = msgspec.field(default_factory=dict)
    seed: Seed = 0
    pairs: Pairs = "batch"
    patience: Annotated[int, msgspec.Meta(ge=0)] = 0
    minutes: Annotated[float, msgspec.Meta(gt=0)] | None = None
    weights: str | None = None


class MeasuredPrecision(Table, frozen=True, kw_only=True):
    """What a training step took when the run was begun, in each precision that was tried.

    Attributes:
        device: what it was measured on.
        backend: "tensorflow", "jax" or "torch".
        seconds: of a training step, by precision.
    """

    device: str
    backend: str
    seconds: Mapping[str, float]


class TowerTable(Table, frozen=True, kw_only=True):
    """What a pretrained tower is made of: its backbone, the SHA-256 of that one's file, and each
    part of the embedding with the weight of its squared distance, in sum 1.
    """

    backbone: str
    sha256: str
    shares: Mapping[str, Annotated[float, msgspec.Meta(ge=0, le=1)]]


class BaseTable(Table, frozen=True, kw_only=True):
    """The run that a training went on from: its name or path, and its network's SHA-256."""

    run: str
    sha256: str


class DatasetTable(Table, frozen=True, kw_only=True):
    """What the data set was when the run was begun; see `RunConfig`."""

    name: str
    source: str
    fingerprint: str
    classes: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    groups: tuple[str, ...]


class PrepareTable(Table, frozen=True, kw_only=True):
    """The values of a `Preparation`, which checks their bounds itself."""

    chain: str
    size: tuple[int, int]
    channels: int


class ConfigFile(Table, frozen=True, kw_only=True):
    """The tables of `config.toml`."""

    dataset: DatasetTable
    data: DataChoice
    train: TrainChoice
    prepare: PrepareTable
    recipe: dict[str, Any]
    precision: MeasuredPrecision | None = None
    tower: TowerTable | None = None
    base: BaseTable | None = None


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """What `config.toml` holds.

    Attributes:
        data: how the data set was named, so that it can be read again.
        train: preset, seed and ways of training.
        recipe: every value of the training, resolved.
        retired: values of the recipe that siam has no longer, by name; such a run still answers,
            but cannot be gone on with.
        name: the data set's name.
        source: where it was read from.
        fingerprint: SHA-256 of its pictures and labels.
        classes: class names in the order of their labels.
        groups: one group name (an alphabet, say) per class, or empty.
        preparation: what a picture from outside goes through.
        precision: what a step took when it was chosen; None where it was not measured.
        tower: what a pretrained tower is made of; None: siam's own.
        base: the run that this one went on from; None: it was trained from nothing.
    """

    data: DataChoice
    train: TrainChoice
    recipe: Recipe
    retired: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    name: str
    source: str
    fingerprint: str
    classes: tuple[str, ...]
    groups: tuple[str, ...]
    preparation: Preparation
    precision: MeasuredPrecision | None = None
    tower: TowerTable | None = None
    base: BaseTable | None = None


def new_config(
    dataset: Dataset,
    data: DataChoice,
    train: TrainChoice,
    recipe: Recipe,
    precision: MeasuredPrecision | None = None,
) -> RunConfig:
    """Put together what is needed to train this run again."""
    from siam.pictures.preparation import Preparation

    height, width, channels = dataset.picture_shape
    # Another folder may lie otherwise: its classes are found as deep as these were.
    depth = data.classes_from or (str(dataset.depth) if dataset.depth else None)
    name = dataset_word(data.dataset or dataset.name)
    return RunConfig(
        data=msgspec.structs.replace(data, dataset=name, classes_from=depth),
        train=train,
        recipe=recipe,
        name=dataset.name,
        source=dataset.source,
        fingerprint=dataset.fingerprint,
        classes=dataset.classes,
        groups=dataset.groups[: len(dataset.classes)],
        preparation=Preparation(dataset.prepare, (height, width), channels),
        precision=precision,
    )


def dataset_word(dataset: str) -> str:
    """Return how a data set is named in `config.toml`: a word such as "mnist", or a whole path.

    A run may be resumed from another folder than it was begun in.
    """
    from siam.datasets.load import NAMES

    path = Path(dataset)
    return str(path.absolute()) if dataset not in NAMES and path.exists() else dataset


def describe_precision(config: RunConfig) -> str:
    """Return a run's precision, and the times that it was chosen by where there are any.

    Such as "float32: 0.16 s a step; mixed_bfloat16 1.6 s".
    """
    chosen = config.recipe.precision
    seconds = dict(config.precision.seconds) if config.precision else {}
    own = seconds.pop(chosen, None)
    if own is None:
        return chosen
    others = "".join(f"; {name} {taken:.2g} s" for name, taken in seconds.items())
    return f"{chosen}: {own:.2g} s a step{others}"


def save_config(folder: Path, config: RunConfig) -> None:
    """Write `config.toml`.

    Raises:
        DataError: it would be too large to be read again.
    """
    import tomli_w

    content = {
        "dataset": {name: getattr(config, name) for name in DatasetTable.__struct_fields__},
        "data": msgspec.to_builtins(config.data),
        "train": msgspec.to_builtins(config.train),
        "prepare": config.preparation.to_dict(),
        "recipe": dataclasses.asdict(config.recipe),
        "precision": msgspec.to_builtins(config.precision) or {},
        "tower": msgspec.to_builtins(config.tower) or {},
        "base": msgspec.to_builtins(config.base) or {},
    }
    told = {  # TOML has no word for None, and what is empty need not be told
        name: {key: value for key, value in table.items() if value is not None}
        for name, table in content.items()
        if table
    }
    text = tomli_w.dumps(told)
    if len(text.encode()) > MOST_BYTES:
        raise DataError(
            f"The names of {len(config.classes):,} classes make more than {MOST_BYTES:,} bytes.",
            "Give the classes shorter names.",
        )
    write_text(folder / CONFIG_FILE, text)


def load_config(folder: Path) -> RunConfig:
    """Read `config.toml` of a run.

    Raises:
        RunError: it is missing, damaged or of another siam.
    """
    from siam.pictures.preparation import Preparation

    path = folder / CONFIG_FILE
    try:
        content = read_toml(path, most=MOST_BYTES)
    except (FileNotFoundError, ValueError) as error:
        raise RunError(
            f"{path} cannot be read ({error}).",
            "Copy it back from where it was whole, or train the run again.",
        ) from error
    try:
        file = msgspec.convert(content, ConfigFile)
        if file.dataset.groups and len(file.dataset.groups) != len(file.dataset.classes):
            raise ValueError("groups are none or one for each class - at `$.dataset.groups`")
        recipe, retired = read_recipe(file.recipe)
        return RunConfig(
            data=file.data,
            train=file.train,
            recipe=recipe,
            retired=retired,
            **msgspec.structs.asdict(file.dataset),
            preparation=Preparation(**msgspec.structs.asdict(file.prepare)),
            precision=file.precision,
            tower=file.tower,
            base=file.base,
        )
    except (ValueError, UsageError) as error:
        problem = error.problem if isinstance(error, UsageError) else error
        raise RunError(
            f"{path} is not a run's configuration ({problem}).",
            "Copy it back from where it was whole, or use the siam that wrote it (its manifest "
            "names the version).",
        ) from error
