"""`siam doctor` with made-up machines: what is found, why not, and what mends it."""

from __future__ import annotations

import dataclasses
import importlib.util
from pathlib import Path
from typing import Any

import pytest

from siam.engine import doctor
from siam.runs.config import MeasuredPrecision, load_config, save_config
from siam.training import device, driver, precision
from siam.training.device import Device


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver that lists a card."""
    monkeypatch.setattr(driver, "driver_gpus", lambda: ["NVIDIA H100"])
    monkeypatch.setattr(device, "prepare_device", lambda device: None)


def test_without_a_driver_training_uses_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "driver_gpus", list)
    found = doctor.gpu()
    assert found.state == "ok"
    assert "training uses the CPU" in found.detail


def test_a_card_that_the_backend_opens_is_named(
    card: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "detect_device", lambda: Device("jax", "gpu", "NVIDIA H100", 2))
    found = doctor.gpu()
    assert (found.state, found.detail) == ("ok", "NVIDIA H100 (2 for Keras on jax)")


def test_a_card_that_it_does_not_open_comes_with_the_reason(
    card: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    reason = "NVIDIA H100 is present but unused: this jax was built for the CPU."
    found = Device("jax", "cpu", "a processor", why_no_gpu=reason)
    monkeypatch.setattr(device, "detect_device", lambda: found)
    told = doctor.gpu()
    assert (told.state, told.detail) == ("note", reason)


def test_a_backend_that_cannot_be_imported_is_no_traceback(
    card: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Device:
        raise ImportError("libcudart.so.12 is missing")

    monkeypatch.setattr(device, "detect_device", broken)
    told = doctor.gpu()
    assert told.state == "note"
    assert "libcudart.so.12 is missing" in told.detail


def test_a_word_that_is_no_backend_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "mxnet")
    told = doctor.backend()
    assert told.state == "bad"
    assert "'mxnet'" in told.detail
    assert "tensorflow, jax, torch" in told.cure


@pytest.mark.parametrize(
    ("absent", "cure"),
    [({"torch"}, "pip install 'siam[torch]'"), ({"torch", "keras"}, "pip install 'siam[train]'")],
)
def test_a_backend_that_is_not_installed_names_its_extra(
    absent: set[str], cure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(name: str, *rest: Any) -> object | None:
        return None if name in absent else object()

    monkeypatch.setenv("KERAS_BACKEND", "torch")
    monkeypatch.setattr(importlib.util, "find_spec", find)
    told = doctor.backend()
    assert (told.state, told.cure) == ("note", cure)
    assert "queries work, training does not" in told.detail


def test_a_precision_that_was_measured_is_told_with_its_run(
    run_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "driver_gpus", list)
    monkeypatch.setattr(precision, "processor_flags", frozenset)
    config = load_config(run_copy)
    save_config(run_copy, dataclasses.replace(config, precision=None))
    assert doctor.precision().detail == "measured when a training begins"
    measured = MeasuredPrecision(
        device=device.processor_name(),
        backend="tensorflow",
        seconds={config.recipe.precision: 0.161},
    )
    save_config(run_copy, dataclasses.replace(config, precision=measured))
    assert "0.16 s a step (measured for 'digits')" in doctor.precision().detail


def test_a_precision_that_the_processor_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "driver_gpus", list)
    monkeypatch.setattr(precision, "processor_flags", lambda: frozenset({"avx2"}))
    assert doctor.precision().detail == "float32, as bfloat16 would be emulated"


def test_everything_is_examined_in_a_fixed_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIAM_RUNS", str(tmp_path / "runs"))
    names = [check.name for check in doctor.examine(tmp_path)]
    assert names == [
        *(
            "python",
            "versions",
            "backend",
            "gpu",
            "precision",
            "mnist",
            "cache",
            "runs",
            "disk",
            "runs",
        ),
    ]
