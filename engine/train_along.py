"""Training along: what processes other than the first do of a training, and what they are sent.

The first one chooses, measures and writes the run, as if it were alone; its configuration and its
checkpoint tell the others all that a training depends on, but for the pictures.
"""

from __future__ import annotations

import dataclasses
import os
import tempfile
from pathlib import Path

import msgspec

from siam.engine.towers.training import train_tower
from siam.engine.training_plan import Notice, TrainingPlan, read_dataset
from siam.errors import RunError, UsageError
from siam.progress import Progress, silent
from siam.run_files import CHECKPOINT_FILE, CONFIG_FILE, PRETRAINED_FOLDER, RANKING_FILE
from siam.runs.config import load_config
from siam.training.processes import leave_processes, process, share

__all__ = ["send_plan", "train_along"]

SENT = (CONFIG_FILE, CHECKPOINT_FILE, RANKING_FILE)


def send_plan(plan: TrainingPlan) -> None:
    """Send what is to be trained to the processes that train along, if there are any.

    Raises:
        UsageError: it is not siam's own tower alone, from nothing.
    """
    if process()[1] == 1:
        return
    folder, config = plan.folder, plan.config
    if config.base or plan.backbone or (folder / PRETRAINED_FOLDER).exists():
        raise UsageError(
            "--hosts trains siam's own towers alone, received "
            f"{'--from' if config.base else '--tower pretrained'}.",
            "Leave --hosts and --host out.",
        )
    there = [folder / name for name in SENT if (folder / name).exists()]
    share(msgspec.msgpack.encode({path.name: path.read_bytes() for path in there}))


def train_along(
    dataset: str | None = None,
    *,
    data_dir: str | os.PathLike[str] | None = None,
    device: str = "auto",
    progress: Progress = silent,
    notice: Notice = lambda _: None,
) -> None:
    """Take part in a training that the first process writes; nothing of it is kept here.

    Args:
        dataset: where the data set stands here; where the first process read it when left out.
        data_dir, device, progress, notice: as for `siam.train`.

    Raises:
        DataError: the data set cannot be read.
        RunError: it is not that of the first process.
    """
    progress("Waiting for the first process's choices", 0, 0)
    files = msgspec.msgpack.decode(share(b""), type=dict[str, bytes])
    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept)
        for name in SENT:
            if name in files:
                (folder / name).write_bytes(files[name])
        config = load_config(folder)
        read = msgspec.structs.replace(
            config.data,
            dataset=dataset or config.data.dataset,
            data_dir=os.fspath(data_dir) if data_dir else config.data.data_dir,
        )
        pictures = read_dataset(read, config.train, progress, notice)
        if pictures.fingerprint != config.fingerprint:
            raise RunError(
                f"The data set {pictures.source} is not the first process's.",
                "Give both the same pictures and labels, then start all of them again.",
            )
        number, count = process()
        notice(f"Training along as process {number + 1} of {count}; the first writes the run.")
        from siam.training.distribution import distribute

        with distribute(device):
            train_tower(
                TrainingPlan(folder, dataclasses.replace(config, data=read), pictures),
                progress=progress,
                notice=notice,
            )
        leave_processes()
