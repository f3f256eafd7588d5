"""Train a run whole: data set, network, encoder, index, calibration, figures, report.

Everything is written into `<name>.partial`, which becomes `<name>` in one step at the very end,
so that a run is there whole or not at all, and an interrupted one can go on.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from siam.atomic import write_json
from siam.datasets.load import load_dataset
from siam.engine.calibrate import calibrate, embed_run, measure_run, need_scikit_learn
from siam.engine.index_training_set import fill_gallery
from siam.engine.novel_classes import compare_unseen
from siam.engine.open_run import OpenRun
from siam.engine.recipe_choice import choose_recipe
from siam.engine.report import write_run_report
from siam.errors import MissingExtraError, RunError
from siam.evaluation.measure import Embedded
from siam.evaluation.summary import summarise
from siam.index.gallery import Gallery
from siam.progress import Progress, silent
from siam.recipe import Recipe
from siam.run_files import (
    CALIBRATION_FILE,
    CHECKPOINT_FILE,
    ENCODER_FILE,
    INDEX_FOLDER,
    METRICS_FILE,
    NETWORK_FILE,
    RANKING_FILE,
)
from siam.runs.config import (
    DataChoice,
    RunConfig,
    TrainChoice,
    load_config,
    new_config,
    save_config,
)
from siam.runs.held_out import save_held_out
from siam.runs.lifecycle import begin_run, hold_run, publish_run, run_name
from siam.runs.runs_folder import free_name, interrupted_run, runs_folder
from siam.siamese.encoder import open_encoder
from siam.training.native_logs import quiet_native_logs

if TYPE_CHECKING:
    from siam.datasets.dataset import Dataset

__all__ = ["TrainedRun", "need_training_parts", "train_run"]

PROBE_PICTURES = 512
Notice = Callable[[str], None]


@dataclass(frozen=True)
class TrainedRun:
    """A finished run.

    Attributes:
        path: its folder.
        metrics: what `metrics.json` holds.
    """

    path: Path
    metrics: dict[str, Any]


def train_run(
    data: DataChoice,
    train: TrainChoice,
    *,
    name: str | None = None,
    resume: bool = False,
    device: str = "auto",
    progress: Progress = silent,
    notice: Notice = lambda _: None,
) -> TrainedRun:
    """Train a run, or go on with an interrupted one; the result is the same.

    Args:
        data: which data set; ignored when resuming, the run knows.
        train: how to train; ignored when resuming.
        name: the run's name; by default the data set's with a number, and when resuming the
            newest interrupted run.
        resume: go on where an interrupted run stopped.
        device: what `siam.training.device.prepare_device` was given.
        progress: told of every step.
        notice: told in a sentence what the user should know.

    Raises:
        DataError: the data set cannot be read.
        RunError: the runs folder cannot be written; nothing to resume, or its data set changed.
        UsageError: a name that is taken, or a recipe value that makes no sense.
    """
    need_training_parts()
    folder = interrupted_run(name) if resume else None
    config = load_config(folder) if folder else None
    if config:
        data, train = config.data, config.train
    dataset = load_dataset(
        data.dataset,
        data_dir=Path(data.data_dir) if data.data_dir else None,
        seed=train.seed,
        size=data.size,
        classes_from=data.classes_from,
        holdout_classes=data.holdout_classes,
        prepare=data.prepare,
        progress=progress,
        notice=notice,
    )
    report_skipped(dataset, notice)
    if folder and config:
        if config.fingerprint != dataset.fingerprint:
            raise RunError(
                f"The data set {config.source} is not what it was when this run began.",
                f"Bring it back, or start anew and remove this:  siam runs rm {run_name(folder)}",
            )
        if config.retired:
            values = ", ".join(f"{name}={value}" for name, value in config.retired.items())
            raise RunError(
                f"The run '{run_name(folder)}' was begun with {values}, which siam has no longer.",
                f"Train it anew without, and remove this:  siam runs rm {run_name(folder)}",
            )
        recipe = config.recipe
    else:
        recipe = choose_recipe(
            train, len(dataset.train), classes=len(dataset.classes), chain=dataset.prepare
        )
    with quiet_native_logs():
        from siam.siamese.recipe_check import check_recipe
        from siam.training.precision import resolve_precision
    check_recipe(recipe)
    if not (folder and config):
        recipe = resolve_precision(recipe)
        config = new_config(dataset, data, train, recipe)
        folder = begin_run(runs_folder() / free_name(name, dataset.name))
    with hold_run(folder):
        save_config(folder, config)
        training = fit(dataset, recipe, train, folder, device, progress, notice)
        metrics = finish(folder, dataset, config, training, progress)
        path = publish_run(folder, unneeded=(CHECKPOINT_FILE, RANKING_FILE))
    return TrainedRun(path, metrics)


def need_training_parts() -> None:
    """Say which extra is missing where one is, before anything else is done.

    Raises:
        MissingExtraError: Keras or scikit-learn is not installed.
    """
    if importlib.util.find_spec("keras") is None:
        raise MissingExtraError("siam train", "train")
    need_scikit_learn("siam train")


def report_skipped(dataset: Dataset, notice: Notice) -> None:
    """Say which files could not be read: the first few by name, the rest by number."""
    for skipped in dataset.skipped[:3]:
        notice(f"Skipped {skipped.path}: {skipped.reason}")
    if len(dataset.skipped) > 3:
        notice(f"Skipped {len(dataset.skipped)} files in all.")


def fit(
    dataset: Dataset,
    recipe: Recipe,
    train: TrainChoice,
    folder: Path,
    device: str,
    progress: Progress,
    notice: Notice,
) -> dict[str, Any]:
    """Train the network, keep it and its encoder in the run; return what there is to report."""
    with quiet_native_logs():
        from siam.siamese.export import export_litert
        from siam.siamese.network import tower_of
        from siam.siamese.training import train_network
        from siam.training.device import detect_device
        from siam.training.distribution import distribute

        found = detect_device(device)
    notice(
        f"Training on {found.name} ({found.kind}, Keras on {found.backend}, {recipe.precision})."
    )
    if found.why_no_gpu:
        notice(found.why_no_gpu)
    with distribute(device):
        trained = train_network(
            dataset.train,
            dataset.validation,
            recipe=recipe,
            seed=train.seed,
            folder=folder,
            pairs="sampled" if train.pairs == "sampled" else "batch",
            patience=train.patience,
            progress=progress,
        )
    trained.network.save(folder / NETWORK_FILE)
    tower = tower_of(trained.network)
    parity = export_litert(
        tower, folder / ENCODER_FILE, dataset.validation.pictures[:PROBE_PICTURES]
    )
    if not parity.holds:
        notice(
            "The exported encoder does not answer as Keras does (largest difference "
            f"{parity.max_difference:.2g}); queries of this run go through Keras, slowly."
        )
    return {
        "training": {
            "seconds": round(trained.seconds, 3),
            "epochs": len(trained.history),
            "parameters": int(tower.count_params()),
        },
        "export": parity.to_dict(),
    }


def finish(
    folder: Path,
    dataset: Dataset,
    config: RunConfig,
    training: dict[str, Any],
    progress: Progress,
) -> dict[str, Any]:
    """Make everything of a run that follows from its network; return its metrics."""
    encoder = open_encoder(folder)
    save_held_out(folder, dataset, seed=config.train.seed)
    fill_gallery(folder, dataset, encoder, progress=progress)
    with Gallery.open(folder / INDEX_FOLDER, encoder_hash=encoder.hash) as gallery:
        embedded = embed_run(folder, config, encoder, gallery)
        calibration = calibrate(embedded, folder / CALIBRATION_FILE, progress=progress)
        measured = measure_run(embedded, calibration, config, progress=progress)
        metrics = {
            **summarise(
                measured,
                calibration,
                run=run_name(folder),
                dataset=config.name,
                seed=config.train.seed,
            ),
            "test_pictures": len(embedded.test.labels),
            **training,
        }
        if dataset.unseen is not None:
            metrics["unseen"] = compare_unseen(
                embedded.test,
                Embedded(encoder.encode(dataset.unseen.pictures), dataset.unseen.labels),
                embedded.gallery,
                threshold=calibration.pick_threshold(None, None),
                groups=dataset.groups,
                seed=config.train.seed,
                progress=progress,
            )
        write_json(folder / METRICS_FILE, metrics)
        run = OpenRun(folder, config, encoder, calibration, gallery)
        write_run_report(run, embedded, measured, metrics, progress=progress)
    return metrics
