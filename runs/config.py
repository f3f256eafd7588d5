"""A run's `config.toml`: everything needed to train it again."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from siam.atomic import write_text
from siam.errors import RunError, UsageError
from siam.pictures.preparation import Preparation
from siam.runs.runs_folder import CONFIG_FILE, read_config

if TYPE_CHECKING:
    from siam.datasets.dataset import Dataset
    from siam.recipe import Recipe

__all__ = [
    "DataChoice",
    "RunConfig",
    "TrainChoice",
    "load_config",
    "new_config",
    "save_config",
]


@dataclass(frozen=True, kw_only=True)
class DataChoice:
    """Which data set, and how it is read; see `siam.datasets.load.load_dataset`."""

    dataset: str | None = None
    data_dir: str | None = None
    size: int | None = None
    classes_from: str | None = None
    holdout_classes: tuple[str, ...] = ()
    prepare: str | None = None


@dataclass(frozen=True, kw_only=True)
class TrainChoice:
    """How to train: a preset, what overrides it, the seed.

    Attributes:
        preset: "quick", "balanced" or "best".
        overrides: recipe values by name, "augment.rotation" for a nested one, as text.
        seed: fixes splits, sampling, initialisation and order.
        pairs: "batch" or "sampled".
        patience: epochs without a better validation loss before stopping; 0 = never.
    """

    preset: str = "balanced"
    overrides: Mapping[str, str] = dataclasses.field(default_factory=dict)
    seed: int = 0
    pairs: str = "batch"
    patience: int = 0


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """What `config.toml` holds.

    Attributes:
        data: how the data set was named, so that it can be read again.
        train: preset, seed and ways of training.
        recipe: every value of the training, resolved.
        name: the data set's name.
        source: where it was read from.
        fingerprint: SHA-256 of its pictures and labels.
        classes: class names in the order of their labels.
        groups: one group name (an alphabet, say) per class, or empty.
        preparation: what a picture from outside goes through.
    """

    data: DataChoice
    train: TrainChoice
    recipe: dict[str, Any]
    name: str
    source: str
    fingerprint: str
    classes: tuple[str, ...]
    groups: tuple[str, ...]
    preparation: Preparation


def new_config(dataset: Dataset, data: DataChoice, train: TrainChoice, recipe: Recipe) -> RunConfig:
    """Put together what is needed to train this run again."""
    height, width, channels = dataset.picture_shape
    chosen = dataset.name if data.dataset is None else data.dataset
    if Path(chosen).exists():
        # A run may be resumed from another folder than it was begun in.
        chosen = str(Path(chosen).absolute())
    return RunConfig(
        data=dataclasses.replace(data, dataset=chosen),
        train=train,
        recipe=dataclasses.asdict(recipe),
        name=dataset.name,
        source=dataset.source,
        fingerprint=dataset.fingerprint,
        classes=dataset.classes,
        groups=dataset.groups[: len(dataset.classes)],
        preparation=Preparation(dataset.prepare, (height, width), channels),
    )


def save_config(folder: Path, config: RunConfig) -> None:
    """Write `config.toml`."""
    import tomli_w

    content = {
        "dataset": {
            "name": config.name,
            "source": config.source,
            "fingerprint": config.fingerprint,
            "classes": list(config.classes),
            "groups": list(config.groups),
        },
        "data": without_none(dataclasses.asdict(config.data)),
        "train": without_none(dataclasses.asdict(config.train)),
        "prepare": config.preparation.to_dict(),
        "recipe": config.recipe,
    }
    write_text(folder / CONFIG_FILE, tomli_w.dumps(content))


def load_config(folder: Path) -> RunConfig:
    """Read `config.toml` of a run.

    Raises:
        RunError: it is missing, damaged or of another siam.
    """
    content = read_config(folder)
    try:
        data = dict(content["data"])
        data["holdout_classes"] = tuple(data.get("holdout_classes", ()))
        return RunConfig(
            data=DataChoice(**data),
            train=TrainChoice(**content["train"]),
            recipe=content["recipe"],
            name=content["dataset"]["name"],
            source=content["dataset"]["source"],
            fingerprint=content["dataset"]["fingerprint"],
            classes=tuple(content["dataset"]["classes"]),
            groups=tuple(content["dataset"]["groups"]),
            preparation=Preparation.from_dict(content["prepare"]),
        )
    except (KeyError, TypeError, UsageError) as error:
        raise RunError(
            f"{folder / CONFIG_FILE} is not a run's configuration ({error}).",
            "Copy it back from where it was whole, or train the run again.",
        ) from error


def without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what TOML cannot say."""
    return {name: value for name, value in values.items() if value is not None}
