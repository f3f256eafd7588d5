"""Train a run whole: data set, network, encoder, index, calibration, figures, report.

Everything is written into `<name>.partial`, which becomes `<name>` in one step at the very end,
so that a run is there whole or not at all, and an interrupted one can go on.
"""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from siam.atomic import write_json
from siam.engine.calibrate import (
    calibrate,
    embed_run,
    index_commit,
    measure_run,
    summarise_run,
)
from siam.engine.fine_tuning.forgetting import measure_forgetting
from siam.engine.index.training_set import fill_gallery
from siam.engine.novel_classes import compare_unseen
from siam.engine.open_run import OpenRun
from siam.engine.report import write_run_report
from siam.engine.resumption import plan_resumption
from siam.engine.towers.training import train_tower
from siam.engine.towers.tuning import can_tune
from siam.engine.train_along import send_plan
from siam.engine.training_cost import tell_cost, tell_memory, was_measured_here
from siam.engine.training_plan import Notice, TrainingPlan, plan_training
from siam.errors import DivergenceError
from siam.evaluation.distances import Embedded
from siam.evaluation.report.background import work_ahead
from siam.index.gallery import Gallery
from siam.progress import Progress, silent
from siam.run_files import (
    CHECKPOINT_FILE,
    ENCODER_FILE,
    INDEX_FOLDER,
    METRICS_FILE,
    NETWORK_FILE,
)
from siam.runs.config import DataChoice, TrainChoice, describe_precision, save_config
from siam.runs.held_out import save_held_out
from siam.runs.lifecycle import hold_run, publish_run, run_name
from siam.runs.own_runs import remember_own
from siam.siamese.encoder import open_encoder
from siam.training.native_logs import quiet_native_logs
from siam.training.position import read_position
from siam.training.processes import leave_processes

__all__ = ["TrainedRun", "train_run"]

PROBE_PICTURES = 512


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
    from_run: str | None = None,
    resume: bool = False,
    asked: Mapping[str, Any] = MappingProxyType({}),
    device: str = "auto",
    progress: Progress = silent,
    notice: Notice = lambda _: None,
) -> TrainedRun:
    """Train a run, or go on with an interrupted one; the result is the same.

    Args:
        data: which data set; when resuming, what it names must be what the run was begun with.
        train: how to train; when resuming, the run knows.
        asked: what the user named of `train`, by the names of `choose_training`; when resuming,
            it must be what the run was begun with. Where `train.minutes` chooses the preset, one
            that is named here stays.
        name, from_run, resume, device, progress, notice: as for `siam.train`.

    Raises:
        SiamError: as `siam.train`.
        KeyboardInterrupt: where it came up, with a sentence on what is kept.
    """
    folder: Path | None = None
    try:
        if resume:
            plan = plan_resumption(data, asked, name, progress, notice, from_run=from_run)
        else:
            plan = plan_training(data, train, asked, name, progress, notice, from_run=from_run)
        folder = plan.folder
        with hold_run(folder):
            save_config(folder, plan.config)
            try:
                plan, training = fit(plan, device, progress, notice)
            except DivergenceError:
                if not any(folder.rglob(CHECKPOINT_FILE)):  # nothing to go on from
                    shutil.rmtree(folder)
                raise
            metrics = finish(plan, training, progress)
            path = publish_run(folder)
        remember_own(path)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(what_is_kept(folder)) from None
    return TrainedRun(path, metrics)


def what_is_kept(folder: Path | None) -> str:
    """Say what an interrupted training leaves in its folder, if it had one, and how to go on."""
    if folder is None:
        return "nothing was changed."
    position = read_position(folder)
    places = [f"step {position.step}"] if position.step else []
    if position.epoch:
        places.append(f"the end of epoch {position.epoch}")
    kept = "nothing was learned yet"
    if places:
        kept = f"what was learned is kept, up to {' after '.join(places)}"
    return f"{kept}. Go on:  siam train --resume --name {run_name(folder)}"


def fit(
    plan: TrainingPlan, device: str, progress: Progress, notice: Notice
) -> tuple[TrainingPlan, dict[str, Any]]:
    """Train the network; keep it and its encoder in the run.

    Returns:
        The plan for what follows, and what `metrics.json` says of the training.
    """
    with quiet_native_logs(progress):
        from siam.siamese.export import export_litert
        from siam.siamese.network import tower_of
        from siam.training.device import detect_device
        from siam.training.distribution import distribute

        used = detect_device(device)
    folder, config, dataset = plan.folder, plan.config, plan.dataset
    precision = config.recipe.precision
    if was_measured_here(config):
        precision = describe_precision(config)
    notice(f"Training on {used.name} ({used.kind}, Keras on {used.backend}, {precision}).")
    if used.why_no_gpu:
        notice(used.why_no_gpu)
    exportable = importlib.util.find_spec("tensorflow") is not None
    if not exportable:
        notice(
            f"TensorFlow is not installed, so no {ENCODER_FILE} is written: queries of this run "
            "go through Keras, slowly. It can be had later:  pip install 'siam[train]'  siam export"
        )
    for sentence in tell_cost(
        config,
        dataset,
        plan.step,
        kind=used.kind,
        feature_seconds=plan.feature_seconds,
        tuned=can_tune(plan, lambda _: None),
        done=plan.done,
    ):
        notice(sentence)
    for sentence in tell_memory(plan.photos or dataset):
        notice(sentence)
    send_plan(plan)
    with distribute(device):
        trained = train_tower(plan, progress=progress, notice=notice)
    leave_processes()
    save_config(folder, trained.plan.config)
    progress("Exporting the encoder", 0, 0)
    trained.network.save(folder / NETWORK_FILE)
    tower = tower_of(trained.network)
    parity = None
    if exportable:
        probe = trained.plan.dataset.validation.pictures[:PROBE_PICTURES]
        parity = export_litert(tower, folder / ENCODER_FILE, probe)
        if not parity.holds:
            notice(
                "The exported encoder does not answer as Keras does (largest difference "
                f"{parity.max_difference:.2g}); queries of this run go through Keras, slowly."
            )
    training = {
        "seconds": round(trained.seconds, 3),
        "epochs": trained.epochs,
        "parameters": int(tower.count_params()),
        **trained.to_dict(),
    }
    return trained.plan, {"training": training, "export": parity.to_dict() if parity else None}


def finish(plan: TrainingPlan, training: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Make everything of a run that follows from its network; return its metrics."""
    folder, config, dataset = plan.folder, plan.config, plan.dataset
    seed = config.train.seed
    encoder = open_encoder(folder)
    save_held_out(folder, dataset, seed=seed)
    fill_gallery(folder, dataset, encoder, progress=progress)
    with Gallery.open(folder / INDEX_FOLDER, encoder_hash=encoder.hash) as gallery:
        progress("Embedding the test pictures", 0, 0)
        embedded = embed_run(folder, config, encoder, gallery)
        with work_ahead(embedded.test, seed=seed) as background:
            calibration = calibrate(embedded, folder, config, encoder, gallery, progress=progress)
            run = OpenRun(folder, config, encoder, calibration, gallery)
            measured = measure_run(run, embedded, progress=progress)
            progress("Computing intervals", 0, 0)
            unseen = None
            if dataset.unseen is not None:
                unseen = compare_unseen(
                    embedded.test,
                    Embedded(encoder.encode(dataset.unseen.pictures), dataset.unseen.labels),
                    embedded.gallery,
                    threshold=calibration.pick_threshold(None, None),
                    groups=dataset.groups,
                    seed=seed,
                    progress=progress,
                )
            base = measure_forgetting(plan.base, run, progress) if plan.base else None
            metrics = {
                **summarise_run(run, embedded, measured, unseen, base),
                "test_pictures": len(embedded.test.labels),
                "index": index_commit(gallery),
                **training,
            }
            write_json(folder / METRICS_FILE, metrics)
            write_run_report(run, embedded, measured, metrics, background, progress=progress)
    return metrics
