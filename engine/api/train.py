"""Train a run from Python, as `siam train` does it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from siam.engine.api.run import Run
from siam.progress import Progress, silent

__all__ = ["train"]


def train(
    dataset: str | os.PathLike[str] | None = None,
    *,
    preset: str | None = None,
    name: str | None = None,
    from_run: str | os.PathLike[str] | None = None,
    seed: int | None = None,
    epochs: int | None = None,
    minutes: float | None = None,
    overrides: Mapping[str, object] | None = None,
    pairs: str | None = None,
    patience: int | None = None,
    tower: str = "auto",
    weights: str | os.PathLike[str] | None = None,
    size: int | None = None,
    prepare: str | None = None,
    classes_from: str | None = None,
    holdout_classes: Sequence[str] = (),
    data_dir: str | os.PathLike[str] | None = None,
    resume: bool = False,
    device: str = "auto",
    backend: str | None = None,
    progress: Progress = silent,
    notice: Callable[[str], None] = lambda _: None,
) -> Run:
    """Train a Siamese network, index its pictures, measure it: one folder, a run.

    Args:
        dataset: "mnist", "digits", an IDX folder, a folder or .zip with a sub-folder per class, a
            table of path,label[,split], an .npz file of x and y; MNIST if it can be had, else
            digits, when left out.
        preset: "quick", "balanced" or "best"; "balanced" when left out.
        name: the run's name; by default the data set's with a number.
        from_run: go on from this run's weights, a name or a path, with its pictures as far as they
            are at hand and those of `dataset`; of what was labelled in its index since, where
            `dataset` is left out. A third of the steps; tower, size and chain are that run's.
        seed: fixes splits, order, initialisation; 0 when left out.
        epochs: passes over the pictures; the preset's when left out.
        minutes: train as well as can be in this time: preset, where it is left out, and epochs
            are chosen by the time of a step.
        overrides: any value of the recipe by name, such as {"augment.rotation": 20}.
        pairs: "batch" or "sampled"; "batch" when left out.
        patience: stop after so many epochs without progress; 0 = never, as when left out.
        tower: "auto", "small", "wide", "deep", or "pretrained": on a network that learned on
            ImageNet. "auto" tries that one on photos where it is at hand.
        weights: the pretrained network, a `.keras` file; Keras' EfficientNetV2-B0 when left out.
        size: side of the network's input in pixels.
        prepare: "digit", "glyph", "photo" or "none", the chain that pictures go through; found by
            asking the pictures when left out or "auto".
        classes_from: which folders name a class, such as "alphabet/character".
        holdout_classes: names of classes to leave out of training.
        data_dir: where data sets stand.
        resume: go on with an interrupted run; `name` says which. What else is given must be what
            that run was begun with.
        device: "auto", "cpu", "gpu", "gpu:N", or "all" for every GPU.
        backend: "tensorflow", "jax" or "torch"; KERAS_BACKEND, else the first that is installed,
            when left out.
        progress: told of every step.
        notice: told in a sentence what the user should know: what the data set holds, what is
            left out and why, which chain and size were chosen.

    Raises:
        DataError: the data set cannot be read.
        RunError: the runs folder cannot be written, or there is nothing to resume.
        DivergenceError: the loss became infinite or no number.
        UsageError: a name that is taken, or a value that makes no sense.
        MissingExtraError: the extra "train" is not installed.

    Example:
        >>> import siam
        >>> run = siam.train("photos/", preset="quick")
    """
    from siam.engine.recipe_choice import choose_training
    from siam.engine.train import train_run
    from siam.errors import need_packages
    from siam.runs.config import DataChoice
    from siam.training.device import prepare_device

    need_packages("siam train", "train", "keras", "sklearn")
    prepare_device(backend=backend, device=device)
    values = {key: text_of(value) for key, value in (overrides or {}).items()}
    if epochs is not None:
        values["epochs"] = str(epochs)
    if tower != "auto":
        values["tower"] = tower
    options: dict[str, Any] = {"preset": preset, "seed": seed, "pairs": pairs}
    options |= {"patience": patience, "minutes": minutes, "overrides": values or None}
    asked = {key: value for key, value in options.items() if value is not None}
    trained = train_run(
        DataChoice(
            dataset=None if dataset is None else os.fspath(dataset),
            data_dir=None if data_dir is None else os.fspath(data_dir),
            size=size,
            classes_from=classes_from,
            holdout_classes=tuple(holdout_classes),
            prepare=prepare,
        ),
        # Not among what was asked: SIAM_WEIGHTS may be set for other runs than one that goes on.
        choose_training(**asked, weights=None if weights is None else os.fspath(weights)),
        name=name,
        from_run=None if from_run is None else os.fspath(from_run),
        resume=resume,
        asked=asked,
        device=device,
        progress=progress,
        notice=notice,
    )
    return Run(trained.path)


def text_of(value: object) -> str:
    """Return a recipe's value as `--set` would be given it."""
    return ",".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
