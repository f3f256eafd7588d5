"""Where a network computes: which Keras backend, which processor, and why not the GPU.

All that differs between backends at start-up is decided here, by environment variables that
backend and drivers read when they are first imported. So `prepare_device` must come before the
first `import keras`; nothing above this file asks which backend it runs on.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import platform
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from siam.errors import MissingExtraError, UsageError
from siam.parallel import cores
from siam.training.driver import driver_gpus

__all__ = [
    "BACKENDS",
    "Device",
    "compile_steps",
    "default_backend",
    "environment",
    "detect_device",
    "prepare_device",
]

BACKENDS = ("tensorflow", "jax", "torch")
EXTRAS = {"tensorflow": "train", "jax": "jax", "torch": "torch"}
GPU_BUILDS = {
    "tensorflow": "Install it for the GPU:  pip install 'siam[gpu]'",
    "jax": "Install it for the GPU:  pip install 'jax[cuda12]'",
    "torch": "Install it for the GPU as pytorch.org/get-started says.",
}


@dataclass(frozen=True)
class Device:
    """What a network computes on.

    Attributes:
        backend: "tensorflow", "jax" or "torch".
        kind: "cpu" or "gpu".
        name: what its maker calls it.
        count: how many of them this process may use; 1 for a CPU.
        why_no_gpu: why a GPU that is present is not used; empty where there is none or it is used.
        generation: of NVIDIA's compute capability the number before the dot, such as 8 for Ampere;
            None for a CPU, and for a GPU that does not tell.
    """

    backend: str
    kind: str
    name: str
    count: int = 1
    why_no_gpu: str = ""
    generation: int | None = None


def default_backend() -> str:
    """Return the backend that Keras runs on where nobody names one.

    KERAS_BACKEND, else the first of `BACKENDS` that is installed, else TensorFlow.
    """
    installed = (name for name in BACKENDS if importlib.util.find_spec(name))
    return os.environ.get("KERAS_BACKEND") or next(installed, BACKENDS[0])


def prepare_device(*, backend: str | None = None, device: str = "auto") -> None:
    """Choose backend and device for this process; call it before Keras is imported.

    Args:
        backend: "tensorflow", "jax" or "torch"; `default_backend` when left out.
        device: "auto" (a GPU where one can be used), "cpu", "gpu", "gpu:N" or "all" (every GPU).

    Raises:
        UsageError: no such backend or device, or Keras already runs on another backend.
        MissingExtraError: the backend is not installed.
    """
    backend = backend or default_backend()
    wanted = environment(backend, device, os.environ)
    if importlib.util.find_spec(backend) is None:
        raise MissingExtraError(f"The backend {backend!r}", EXTRAS[backend])
    if "keras" in sys.modules:
        import keras

        if keras.backend.backend() != backend:
            raise UsageError(
                f"Keras already runs on {keras.backend.backend()!r}, received {backend!r}.",
                f"Start anew with  KERAS_BACKEND={backend}",
            )
    compiled = wanted.get("JAX_COMPILATION_CACHE_DIR")
    if compiled and not can_write(Path(compiled)):
        wanted["JAX_ENABLE_COMPILATION_CACHE"] = "false"  # or it warns at everything it compiles
    os.environ.update(wanted)


def can_write(folder: Path) -> bool:
    """Tell whether files can be written to a folder, which is made where it is missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def environment(backend: str, device: str, current: Mapping[str, str]) -> dict[str, str]:
    """The environment variables that bring a backend up on a device.

    Args:
        backend: one of `BACKENDS`.
        device: "auto", "cpu", "gpu", "gpu:N" or "all". N counts the GPUs that
            CUDA_VISIBLE_DEVICES leaves visible, from 0.
        current: the environment as it is.

    Raises:
        UsageError: no such backend or device.

    Example:
        >>> environment("torch", "cpu", {})["KERAS_TORCH_DEVICE"]
        'cpu'
    """
    if backend not in BACKENDS:
        raise UsageError(
            f"No backend is called {backend!r}.", f"Take one of: {', '.join(BACKENDS)}."
        )
    asked = re.fullmatch(r"auto|cpu|all|gpu(?::(\d+))?", device)
    if asked is None:
        raise UsageError(
            f"--device must be auto, cpu, gpu, gpu:N or all, received {device!r}.",
            "`siam doctor` lists what is there.",
        )
    # Each backend would take nearly all of a card's memory at once; let it grow instead.
    # (PyTorch does so by itself.)
    variables = {
        "KERAS_BACKEND": backend,
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        # TensorFlow on a CPU keeps freed memory for the next step. Given back to the kernel and
        # asked for again, it cost a step of `balanced` 163 ms of the kernel's time beside 444 of
        # its own (2 cores, AMD EPYC), and kept 34 beside 373.
        "TF_CPU_ALLOCATOR_USE_BFC": "true",
    }
    if backend != "torch":  # which computes by OpenMP
        # For FAISS and scikit-learn, whose runtime reads it once: see `siam.faiss_library`.
        variables["OMP_WAIT_POLICY"] = current.get("OMP_WAIT_POLICY", "PASSIVE")
    if backend == "jax":
        import platformdirs

        # What was compiled once is read by the next process.
        kept = platformdirs.user_cache_path("siam") / "jax"
        variables["JAX_COMPILATION_CACHE_DIR"] = current.get("JAX_COMPILATION_CACHE_DIR", str(kept))
        # JAX keeps what took a second or more, and many small things took two together on a GPU.
        variables["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    if device == "cpu":
        # Hidden rather than left idle: bringing up an unused card costs seconds and memory.
        variables |= {"CUDA_VISIBLE_DEVICES": "-1", "KERAS_TORCH_DEVICE": "cpu"}
        variables |= {"JAX_PLATFORMS": "cpu"}
    elif device != "all":
        visible = current.get("CUDA_VISIBLE_DEVICES")
        number = int(asked.group(1) or 0)
        cards = visible.split(",") if visible else []
        if asked.group(1) and cards and number >= len(cards):
            raise UsageError(
                f"--device {device}: CUDA_VISIBLE_DEVICES leaves {len(cards)} GPUs, "
                "numbered from 0.",
                f"Take gpu:0 to gpu:{len(cards) - 1}, or change CUDA_VISIBLE_DEVICES.",
            )
        # One card for one process, also under "auto": the others stay free for other work.
        variables["CUDA_VISIBLE_DEVICES"] = (
            cards[number] if cards else str(number) if visible is None else visible
        )
    return variables


def detect_device(asked: str = "auto") -> Device:
    """Say what the chosen backend computes on in this process, and why not on a GPU.

    Imports Keras and brings the backend up.

    Args:
        asked: what `prepare_device` was given.

    Raises:
        UsageError: a GPU was asked for by name and cannot be used.
    """
    import keras

    backend = str(keras.backend.backend())
    gpus = backend_gpus(backend)
    if gpus:
        name, generation = gpus[0]
        return Device(backend, "gpu", name, count=len(gpus), generation=generation)
    reason = why_no_gpu(backend, os.environ)
    if asked not in {"auto", "cpu"}:
        raise UsageError(
            f"--device {asked}: {reason or 'no NVIDIA GPU is seen on this machine.'}",
            "Leave --device out to use the CPU.",
        )
    return Device(backend, "cpu", processor_name(), why_no_gpu=reason)


def compile_steps() -> bool | str:
    """What to hand `model.compile` as `jit_compile`: whether a step is compiled as a whole.

    On a GPU and under JAX a compiled step is the fast one. On a CPU TensorFlow's own kernels
    (oneDNN) beat XLA's at convolutions, and PyTorch's compiler takes a minute to gain nothing.
    """
    device = detect_device()
    if device.backend == "jax":
        return True
    return device.kind == "gpu" and device.backend == "tensorflow"


def backend_gpus(backend: str) -> list[tuple[str, int | None]]:
    """The name and the generation of each GPU that a backend can use in this process."""
    if backend == "tensorflow":
        tensorflow: Any = importlib.import_module("tensorflow")
        cards = tensorflow.config.list_physical_devices("GPU")
        details = [tensorflow.config.experimental.get_device_details(card) for card in cards]
        return [
            (str(detail.get("device_name", "GPU")), detail.get("compute_capability", [None])[0])
            for detail in details
        ]
    if backend == "jax":
        jax: Any = importlib.import_module("jax")
        devices = [device for device in jax.devices() if device.platform == "gpu"]
        return [
            (device.device_kind, major(getattr(device, "compute_capability", "")))
            for device in devices
        ]
    torch: Any = importlib.import_module("torch")
    if os.environ.get("KERAS_TORCH_DEVICE") == "cpu":
        return []
    return [
        (torch.cuda.get_device_name(card), torch.cuda.get_device_capability(card)[0])
        for card in range(torch.cuda.device_count())
    ]


def major(version: str) -> int | None:
    """The number before a version's dot; None where there is none."""
    number = version.partition(".")[0]
    return int(number) if number.isdigit() else None


def why_no_gpu(backend: str, current: Mapping[str, str]) -> str:
    """Why a GPU that the driver knows is of no use to a backend; empty where there is none.

    Args:
        backend: one of `BACKENDS`.
        current: the environment as it is.
    """
    present = driver_gpus()
    if not present:
        return ""
    found = f"{present[0]} is present but unused: "
    if current.get("JAX_PLATFORMS") == "cpu" or current.get("KERAS_TORCH_DEVICE") == "cpu":
        return found + "the CPU was asked for (--device cpu)."
    hidden = current.get("CUDA_VISIBLE_DEVICES")
    if hidden is not None and hidden.strip() in {"", "-1"}:
        return found + f"CUDA_VISIBLE_DEVICES={hidden!r} hides it."
    if not built_for_gpu(backend):
        return found + f"this {backend} was built for the CPU. {GPU_BUILDS[backend]}"
    return found + (
        f"{backend} cannot open it: its CUDA libraries are missing or the driver is too old "
        "(see docs/gpu.md)."
    )


def built_for_gpu(backend: str) -> bool:
    """Say whether the installed backend was built to use NVIDIA GPUs at all."""
    if backend == "tensorflow":
        tensorflow: Any = importlib.import_module("tensorflow")
        return bool(tensorflow.test.is_built_with_cuda())
    if backend == "jax":
        return any(importlib.util.find_spec(f"jax_cuda{version}_plugin") for version in (12, 13))
    torch: Any = importlib.import_module("torch")
    return torch.version.cuda is not None


def processor_name() -> str:
    """What the maker calls this machine's processor, with the cores this process may use."""
    name = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    count = cores()
    return f"{name}, {count} core{'s' * (count > 1)}"
