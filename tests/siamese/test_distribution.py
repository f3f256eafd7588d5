"""Sharing batches over several devices; halves of a processor stand in for GPUs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from siam.errors import UsageError
from siam.siamese.distribution import spread


@pytest.mark.parametrize("asked", ["auto", "cpu", "gpu:1"])
def test_one_device_shares_nothing(asked: str) -> None:
    with spread(asked) as devices:
        assert devices == 1


def test_torch_wants_a_process_for_each_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    with pytest.raises(UsageError, match="received torch"), spread("all"):
        pass


TWO_PROCESSORS = """
import numpy as np
from siam.siamese.distribution import spread
from siam.siamese.towers import small_tower
from siam.siamese.losses import make_loss
import keras

pictures = np.random.default_rng(0).integers(0, 256, (8, 12, 12, 1)).astype(np.float32)
labels = np.arange(8) % 2
def train(device):
    keras.utils.set_random_seed(0)
    with spread(device) as devices:
        tower = small_tower((12, 12, 1), 8)
        tower.compile(optimizer="sgd", loss=make_loss("contrastive"))
        tower.fit(pictures, labels, batch_size=8, epochs=2, shuffle=False, verbose=0)
        return devices, tower.get_weights()
one, alone = train("auto")
two, together = train("all")
print(one, two, max(float(np.abs(a - b).max()) for a, b in zip(alone, together)))
"""


@pytest.mark.slow
def test_on_two_devices_jax_learns_what_one_would() -> None:
    """Two halves of a processor stand in for two GPUs."""
    pytest.importorskip("jax")
    asked = subprocess.run(
        [sys.executable, "-c", TWO_PROCESSORS],
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "KERAS_BACKEND": "jax",
            "JAX_PLATFORMS": "cpu",
            "XLA_FLAGS": "--xla_force_host_platform_device_count=2",
        },
    )
    one, two, difference = asked.stdout.split()
    assert (one, two) == ("1", "2"), asked.stderr
    assert float(difference) < 1e-4
