"""Look at what siam stands on: versions, backend, GPU, data, rights, disk.

Imports none of it, but for the backend where a GPU is there: it alone can say if it opens the card.
"""

from __future__ import annotations

import contextlib
import importlib.util
import platform
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from siam.errors import SiamError
from siam.runs.config import describe_precision, load_config
from siam.runs.manifest import versions
from siam.runs.runs_folder import list_runs, runs_folder

__all__ = ["Check", "examine"]

# A training writes far less; below this, something else is about to fail as well.
LEAST_FREE_BYTES = 1_000_000_000


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: what.
        state: "ok", "note" (works, but worth knowing) or "bad".
        detail: what there is.
        cure: what to do about it; empty where nothing need be done.
    """

    name: str
    state: Literal["ok", "note", "bad"]
    detail: str
    cure: str = ""


def examine(data_dir: Path | None = None) -> list[Check]:
    """Return everything that was looked at, in a fixed order.

    Args:
        data_dir: where data sets stand, as `siam train --data-dir` takes it.
    """
    import platformdirs

    python = f"{platform.python_version()} on {platform.platform(terse=True)}"
    installed = ", ".join(f"{name} {version}" for name, version in versions().items())
    return [
        Check("python", "ok", python),
        Check("versions", "ok", installed),
        backend(),
        gpu(),
        precision(),
        data_set(data_dir),
        writable("cache", Path(platformdirs.user_cache_dir("siam"))),
        writable("runs", runs_folder()),
        disk(),
        last_run(),
    ]


def backend() -> Check:
    """Check that what training needs is installed."""
    from siam.training.device import BACKENDS, EXTRAS, default_backend

    name = default_backend()
    if name not in BACKENDS:
        return Check(
            "backend",
            "bad",
            f"KERAS_BACKEND is {name!r}, which is none",
            f"Set it to one of {', '.join(BACKENDS)}, or unset it.",
        )
    missing = [part for part in ("keras", name) if importlib.util.find_spec(part) is None]
    if missing:
        return Check(
            "backend",
            "note",
            f"{' and '.join(missing)} not installed: queries work, training does not",
            f"pip install 'siam[{'train' if 'keras' in missing else EXTRAS[name]}]'",
        )
    return Check("backend", "ok", f"Keras on {name}")


def gpu() -> Check:
    """Say whether a GPU is there, and whether the backend opens it."""
    from siam.training.device import detect_device, prepare_device
    from siam.training.driver import driver_gpus

    present = driver_gpus()
    if not present:
        reason = "no NVIDIA driver found" if shutil.which("nvidia-smi") is None else "none listed"
        return Check("gpu", "ok", f"none seen ({reason}); training uses the CPU")
    try:
        # All of them, to count what `--device all` would use.
        prepare_device(device="all")
        device = detect_device()
    except (SiamError, ImportError) as error:
        return Check("gpu", "note", f"{present[0]}, not tried: {error}")
    if device.kind == "cpu":
        return Check("gpu", "note", device.why_no_gpu)
    return Check("gpu", "ok", f"{device.name} ({device.count} for Keras on {device.backend})")


def precision() -> Check:
    """Say which precision a training computes in, and by what that is decided."""
    from siam.training.device import Device, default_backend, detect_device, processor_name
    from siam.training.driver import driver_gpus
    from siam.training.precision import FLOAT32, pick_precision, processor_flags

    try:
        device = (
            detect_device() if driver_gpus() else Device(default_backend(), "cpu", processor_name())
        )
    except (SiamError, ImportError) as error:
        return Check("precision", "note", f"not known: {error}")
    fast = pick_precision(device, processor_flags())
    if fast == FLOAT32:
        return Check("precision", "ok", f"{fast}, as bfloat16 would be emulated")
    if fast:
        return Check("precision", "ok", f"{fast}, which the {device.kind} multiplies by itself")
    for run in list_runs():
        with contextlib.suppress(SiamError):
            config = load_config(run.path)
            measured = config.precision
            if measured and (measured.device, measured.backend) == (device.name, device.backend):
                return Check(
                    "precision", "ok", f"{describe_precision(config)} (measured for '{run.name}')"
                )
    return Check("precision", "ok", "measured when a training begins")


def data_set(data_dir: Path | None) -> Check:
    """Say whether MNIST is found, and where."""
    from siam.datasets.mnist import find_mnist

    folder = find_mnist(data_dir)
    if folder is None:
        return Check(
            "mnist",
            "note",
            "not found; `siam train` will try to download it",
            "Or give its folder's parent:  --data-dir DIR  or SIAM_DATA_DIR",
        )
    return Check("mnist", "ok", str(folder))


def writable(name: str, folder: Path) -> Check:
    """Check that files can be made in a folder, or that it could be made."""
    try:
        with tempfile.TemporaryFile(dir=nearest(folder)):
            pass
    except OSError as error:
        return Check(
            name,
            "bad",
            f"{folder.absolute()} cannot be written ({error.strerror})",
            "Change the rights" + ("." if name == "cache" else ", or set SIAM_RUNS."),
        )
    return Check(name, "ok", str(folder.absolute()))


def nearest(folder: Path) -> Path:
    """Return a folder, or the one nearest above that is there."""
    place = folder.absolute()
    return next(above for above in (place, *place.parents) if above.exists())


def disk() -> Check:
    """Check the space that is left where runs are written."""
    free = shutil.disk_usage(nearest(runs_folder())).free
    if free < LEAST_FREE_BYTES:
        return Check("disk", "bad", f"{free / 1e9:.1f} GB free", "Free some space.")
    return Check("disk", "ok", f"{free / 1e9:.0f} GB free")


def last_run() -> Check:
    """Name the newest run, and any that was interrupted."""
    runs = list_runs()
    interrupted = [run.name for run in runs if run.state == "interrupted"]
    if interrupted:
        return Check(
            "runs",
            "note",
            f"interrupted: {', '.join(interrupted)}",
            f"siam train --resume --name {interrupted[0]}",
        )
    finished = [run for run in runs if run.state == "finished"]
    words = f"{len(finished)} finished"
    if training := [run.name for run in runs if run.state == "training"]:
        words += f", in training now: {', '.join(training)}"
    return Check("runs", "ok", words)
