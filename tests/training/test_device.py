"""Device choice, judged by what it would set and say; no GPU is needed (or was at hand)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from siam.errors import MissingExtraError, UsageError
from siam.training import device
from siam.training.device import (
    BACKENDS,
    can_write,
    compile_steps,
    default_backend,
    environment,
    prepare_device,
)

FAULTS = """
import resource
from siam.training.device import prepare_device
prepare_device(backend="tensorflow", device="cpu")
import tensorflow
with tensorflow.device("cpu"):
    for step in range(4):
        if step == 2:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        tensorflow.ones((4096, 4096)).numpy
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_cpu_is_what_every_backend_is_left_with(backend: str) -> None:
    variables = environment(backend, "cpu", {})
    assert variables["KERAS_BACKEND"] == backend
    assert variables["CUDA_VISIBLE_DEVICES"] == "-1"
    assert variables["JAX_PLATFORMS"] == variables["KERAS_TORCH_DEVICE"] == "cpu"


@pytest.mark.parametrize(
    ("asked", "visible", "expected"),
    [
        ("auto", None, "0"),
        ("gpu", None, "0"),
        ("gpu:2", None, "2"),
        ("gpu:1", "4,7", "7"),
        ("gpu", "4,7", "4"),
        ("auto", "-1", "-1"),
        ("auto", "", ""),
        ("gpu:0", "GPU-8f2e,GPU-11aa", "GPU-8f2e"),
    ],
)
def test_one_process_takes_one_card(asked: str, visible: str | None, expected: str) -> None:
    current = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    assert environment("tensorflow", asked, current)["CUDA_VISIBLE_DEVICES"] == expected


@pytest.mark.parametrize(
    ("named", "missing", "expected"),
    [
        (None, (), "tensorflow"),
        ("torch", (), "torch"),
        (None, ("tensorflow",), "jax"),
        (None, ("tensorflow", "jax", "torch"), "tensorflow"),
    ],
)
def test_the_backend_is_the_named_one_or_the_first_there_is(
    monkeypatch: pytest.MonkeyPatch, named: str | None, missing: tuple[str, ...], expected: str
) -> None:
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    if named:
        monkeypatch.setenv("KERAS_BACKEND", named)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name not in missing or None)
    assert default_backend() == expected


def test_all_leaves_every_card_visible() -> None:
    assert "CUDA_VISIBLE_DEVICES" not in environment("jax", "all", {})


def test_memory_grows_instead_of_being_grabbed() -> None:
    variables = environment("jax", "auto", {})
    assert variables["XLA_PYTHON_CLIENT_PREALLOCATE"] == "false"
    assert variables["TF_FORCE_GPU_ALLOW_GROWTH"] == "true"


@pytest.mark.slow
def test_memory_of_a_step_is_kept_for_the_next() -> None:
    """What one frees and the next asks for again costs the kernel no page faults."""
    pytest.importorskip("resource")
    done = subprocess.run(
        [sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 1000  # of 4 kB; 16,000 and more where each block is given back


def test_jax_keeps_what_it_compiled_where_the_user_says_or_in_the_cache() -> None:
    assert Path(environment("jax", "cpu", {})["JAX_COMPILATION_CACHE_DIR"]).parent.name == "siam"
    current = {"JAX_COMPILATION_CACHE_DIR": "/elsewhere"}
    assert environment("jax", "cpu", current)["JAX_COMPILATION_CACHE_DIR"] == "/elsewhere"
    assert "JAX_COMPILATION_CACHE_DIR" not in environment("torch", "cpu", {})
    assert environment("jax", "cpu", {})["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] == "0"


def test_a_cache_that_cannot_be_written_is_not_made_or_there(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert not can_write(tmp_path / "file" / "jax")
    assert can_write(tmp_path / "cache" / "jax")


def test_threads_of_openmp_sleep_while_they_wait_unless_the_user_says_otherwise() -> None:
    assert environment("jax", "cpu", {})["OMP_WAIT_POLICY"] == "PASSIVE"
    assert environment("jax", "cpu", {"OMP_WAIT_POLICY": "ACTIVE"})["OMP_WAIT_POLICY"] == "ACTIVE"
    assert "OMP_WAIT_POLICY" not in environment("torch", "cpu", {})


@pytest.mark.parametrize("asked", ["tpu", "gpu:", "gpu:x", "cpu:0", "gpu:-1", ""])
def test_a_device_that_means_nothing_is_refused(asked: str) -> None:
    with pytest.raises(UsageError, match=f"auto, cpu, gpu, gpu:N or all, received '{asked}'"):
        environment("tensorflow", asked, {})


def test_a_card_beyond_those_that_are_visible_is_refused() -> None:
    with pytest.raises(UsageError, match="leaves 2 GPUs"):
        environment("torch", "gpu:2", {"CUDA_VISIBLE_DEVICES": "0,1"})


def test_an_unknown_backend_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="'mxnet'") as error:
        environment("mxnet", "cpu", {})
    assert error.value.cure == "Take one of: tensorflow, jax, torch."


def test_a_backend_that_is_not_installed_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"siam\[jax\]"):
        prepare_device(backend="jax")


def test_another_backend_than_the_running_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    running = keras.backend.backend()
    other = "torch" if running != "torch" else "jax"
    monkeypatch.setattr(device.importlib.util, "find_spec", lambda name: object())
    with pytest.raises(UsageError, match=f"already runs on '{running}', received '{other}'"):
        prepare_device(backend=other)


def test_steps_are_not_compiled_by_xla_where_that_is_slower() -> None:
    import keras

    found = device.detect_device()
    assert found.backend == keras.backend.backend()
    if found.kind == "cpu":
        assert compile_steps() is (found.backend == "jax")


class TestWhyNoGpu:
    """A driver that lists a card, and a backend that cannot use it."""

    @pytest.fixture(autouse=True)
    def card(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(device, "driver_gpus", lambda: ["NVIDIA H100"])

    def test_hidden_by_the_user(self) -> None:
        reason = device.why_no_gpu("tensorflow", {"CUDA_VISIBLE_DEVICES": "-1"})
        assert reason == ("NVIDIA H100 is present but unused: CUDA_VISIBLE_DEVICES='-1' hides it.")

    def test_the_cpu_was_asked_for(self) -> None:
        variables = environment("torch", "cpu", {})
        assert "the CPU was asked for" in device.why_no_gpu("torch", variables)

    @pytest.mark.parametrize("backend", BACKENDS)
    def test_a_build_for_the_cpu_names_the_other(
        self, backend: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(device, "built_for_gpu", lambda _: False)
        reason = device.why_no_gpu(backend, {})
        assert f"this {backend} was built for the CPU. Install it for the GPU" in reason

    def test_libraries_or_driver(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(device, "built_for_gpu", lambda _: True)
        assert "CUDA libraries are missing or the driver is too old" in device.why_no_gpu("jax", {})

    def test_no_card_needs_no_reason(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(device, "driver_gpus", list)
        assert device.why_no_gpu("tensorflow", {}) == ""


def test_a_gpu_asked_for_by_name_is_not_quietly_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "backend_gpus", lambda _: [])
    monkeypatch.setattr(device, "driver_gpus", list)
    with pytest.raises(UsageError, match="--device gpu:1: no NVIDIA GPU is seen"):
        device.detect_device("gpu:1")
    monkeypatch.setattr(device, "backend_gpus", lambda _: [("NVIDIA H100", 9)] * 2)
    found = device.detect_device("all")
    assert (found.kind, found.name, found.count) == ("gpu", "NVIDIA H100", 2)
    assert found.generation == 9


def test_choosing_a_device_imports_no_backend() -> None:
    script = (
        "import sys; from siam.training.device import prepare_device; "
        "prepare_device(device='cpu'); "
        "print([name for name in ('keras', 'tensorflow') if name in sys.modules])"
    )
    asked = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert asked.stdout.strip() == "[]", asked.stderr
