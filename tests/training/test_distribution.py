"""Sharing batches over several devices; halves of a processor stand in for GPUs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from siam.errors import UsageError
from siam.training.distribution import distribute


@pytest.mark.parametrize("asked", ["auto", "cpu", "gpu:1"])
def test_one_device_shares_nothing(asked: str) -> None:
    with distribute(asked) as devices:
        assert devices == 1


def test_torch_wants_a_process_for_each_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    with pytest.raises(UsageError, match="received torch"), distribute("all"):
        pass


TRAINING = """
import sys, tempfile
from pathlib import Path
import numpy as np
from siam.datasets.dataset import Split
from siam.training.distribution import distribute
from siam.recipe import Recipe
from siam.siamese.training import train_network

pictures = np.random.default_rng(0).integers(0, 256, (32, 12, 12, 1)).astype(np.uint8)
split = Split(pictures, np.arange(32) % 2, tuple(map(str, range(32))))
recipe = Recipe(
    dim=8, epochs=2, classes_per_batch=2, pictures_per_class=4, learning_rate=1e-3,
    optimizer="adamw", precision="float32", hard_example_share=0.5,
)
def train(device, on_device):
    with distribute(device) as devices:
        folder = Path(tempfile.mkdtemp())
        trained = train_network(
            split, split, recipe=recipe, seed=0, folder=folder, on_device=on_device
        )
        return devices, trained
"""
ON_JAX = (
    TRAINING
    + """
one, alone = train("auto", False)
print(one)
for on_device in (False, True):
    two, together = train("all", on_device)
    weights = zip(alone.network.get_weights(), together.network.get_weights())
    print(two, max(float(np.abs(a - b).max()) for a, b in weights))
"""
)
ON_TENSORFLOW = (
    """
import tensorflow as tf
processor = tf.config.list_physical_devices("CPU")[0]
halves = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(processor, halves)
mirrored = tf.distribute.MirroredStrategy
tf.distribute.MirroredStrategy = lambda: mirrored(["CPU:0", "CPU:1"])
"""
    + TRAINING
    + """
for on_device in (False, True):
    two, trained = train("all", on_device)
    print(two, *(row["loss"] for row in trained.history))
"""
)


def told_by(program: str, **environment: str) -> list[list[float]]:
    """Run a program in a process of its own; return the numbers of each line."""
    asked = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )
    assert asked.returncode == 0, asked.stderr
    return [[float(word) for word in line.split()] for line in asked.stdout.splitlines()]


@pytest.mark.slow
def test_on_two_devices_jax_learns_what_one_would() -> None:
    """Two halves of a processor stand in for two GPUs; fed by the CPU, and from the device."""
    pytest.importorskip("jax")
    told = told_by(
        ON_JAX,
        KERAS_BACKEND="jax",
        JAX_PLATFORMS="cpu",
        XLA_FLAGS="--xla_force_host_platform_device_count=2",
        JAX_DISABLE_MOST_OPTIMIZATIONS="1",  # which take longer than such a training
    )
    assert [line[0] for line in told] == [1, 2, 2]
    assert max(told[1][1], told[2][1]) < 1e-4


@pytest.mark.slow
def test_tensorflow_trains_on_two_devices() -> None:
    """Its loss is over the pairs within each half, so it learns something else than on one."""
    told = told_by(ON_TENSORFLOW, KERAS_BACKEND="tensorflow")
    for devices, first, last in told:
        assert devices == 2
        assert 0 < last < first
