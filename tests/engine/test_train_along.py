"""`siam train` as two processes: one is killed, both are started again, and end as one would."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest

from siam.run_files import CHECKPOINT_FILE, CONFIG_FILE, NETWORK_FILE
from siam.training.position import read_history

CHOICE = ["--name", "pets", "--preset", "quick", "--epochs", "8", "--set", "optimizer=adamw"]
RECIPE = ["precision=float32", "dim=16", "learning_rate=1e-4", "pictures_per_class=8"]
SETS = [word for value in RECIPE for word in ("--set", value)]


def start(runs: Path, *words: str) -> subprocess.Popen[str]:
    """Start a training as a process of its own, on JAX."""
    environment = {
        **os.environ,
        "SIAM_RUNS": str(runs),
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
        "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",  # which take longer than such a training
    }
    return subprocess.Popen(
        [sys.executable, "-m", "siam.cli", "train", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def start_both(
    folder: Path, pictures: Path, *words: str, others: Path | None = None
) -> list[subprocess.Popen[str]]:
    """Start a training as two processes, each with a runs folder of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        hosts = ["--hosts", f"127.0.0.1:{probe.getsockname()[1]}"]
    return [
        start(folder / f"runs{number}", str(data), *words, *hosts, "--host", f"{number}/2")
        for number, data in ((1, pictures), (2, others or pictures))
    ]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_and_resumed_two_processes_end_as_one(
    tmp_path: Path, write_folder: Callable[..., Path]
) -> None:
    pictures = write_folder(("cat", "cow", "dog"), count=24)
    alone = start(tmp_path / "alone", str(pictures), *CHOICE, *SETS)
    _, errors = alone.communicate()
    assert alone.returncode == 0, errors

    first, second = start_both(tmp_path, pictures, *CHOICE, *SETS)
    checkpoint = tmp_path / "runs1" / "pets.partial" / CHECKPOINT_FILE
    while not checkpoint.exists():
        assert first.poll() is None, first.communicate()
        time.sleep(0.02)
    second.send_signal(signal.SIGKILL)
    second.communicate()
    output, errors = first.communicate(timeout=120)
    assert (first.returncode, output) == (4, "")
    assert errors.splitlines()[-2:] == [
        "Error: Another process of the training ended, or cannot be reached.",
        "Start all of them again, with  --resume",
    ]
    assert "Traceback" not in errors and "coordination" not in errors

    first, second = start_both(tmp_path, pictures, "--resume")
    output, errors = first.communicate()
    assert first.returncode == 0, errors
    assert output.splitlines()[-1].startswith("Next:")
    output, errors = second.communicate()
    assert (second.returncode, output) == (0, ""), errors
    assert "Training along as process 2 of 2; the first writes the run." in errors
    assert not (tmp_path / "runs2").exists()
    runs = [tmp_path / "alone" / "pets", tmp_path / "runs1" / "pets"]
    for one, both in zip(*map(read_history, runs), strict=True):
        assert both == pytest.approx(one, abs=1e-4)
    networks = [keras.saving.load_model(run / NETWORK_FILE) for run in runs]
    for mine, theirs in zip(*(network.get_weights() for network in networks), strict=True):
        np.testing.assert_allclose(theirs, mine, atol=1e-4)


@pytest.mark.slow
def test_another_data_set_is_refused(tmp_path: Path, write_folder: Callable[..., Path]) -> None:
    mine = write_folder(("cat", "cow"), count=12)
    other = write_folder(("cat", "hen"), count=16, name="others")
    first, second = start_both(tmp_path, mine, *CHOICE, *SETS, others=other)
    _, errors = second.communicate()
    assert second.returncode == 4
    assert errors.splitlines()[-2:] == [
        f"Error: The data set {other} is not the first process's.",
        "Give both the same pictures and labels, then start all of them again.",
    ]
    _, errors = first.communicate()
    assert first.returncode == 4
    assert "Another process of the training ended" in errors


@pytest.mark.slow
def test_a_batch_that_devices_cannot_share_is_refused(
    tmp_path: Path, write_folder: Callable[..., Path]
) -> None:
    odd = ["--set", "pictures_per_class=7", "--set", "classes_per_batch=3"]
    pictures = write_folder(("cat", "cow", "dog"), count=12)
    first, second = start_both(tmp_path, pictures, "--preset", "quick", *odd)
    _, errors = first.communicate()
    assert first.returncode == 2
    assert "multiple of the 2 devices of all processes, received 21 pictures" in errors
    _, errors = second.communicate()
    assert second.returncode == 4
    assert not list(tmp_path.rglob(CONFIG_FILE))
