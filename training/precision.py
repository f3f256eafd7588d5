"""The numbers a network computes with while it learns: float32, or a mix with bfloat16."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from siam.recipe import Recipe
from siam.training.device import Device, detect_device

__all__ = [
    "AUTO",
    "PRECISIONS",
    "StepTime",
    "dtype_policy",
    "pick_precision",
    "processor_flags",
    "resolve_precision",
]

AUTO = "auto"
FLOAT32, BFLOAT16 = "float32", "mixed_bfloat16"
PRECISIONS = (AUTO, FLOAT32, BFLOAT16, "mixed_float16")
# A processor with none of these emulates bfloat16: a training step of the small tower took 1,606 ms
# for float32's 158 on one with AVX2 alone. x86 has the first two, Arm the last.
BFLOAT16_FLAGS = frozenset({"amx_bf16", "avx512_bf16", "bf16"})
# Of the GPUs, those since 2020 multiply it by themselves: NVIDIA's compute capability 8.
AMPERE = 8
# Less than this share of float32's time, and bfloat16 is worth its rounding.
WORTH = 0.95
# More than this multiple of float32's step, and no second one is needed to tell.
HOPELESS = 2.0
PROCESSOR = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class StepTime:
    """What a training step takes.

    Attributes:
        seconds: of a step.
        compiling: seconds until the first one was done, compiling included.
    """

    seconds: float
    compiling: float


# Times a step by a recipe; given up after one that takes longer than the second argument.
Measure = Callable[[Recipe, float], StepTime]


def pick_precision(device: Device, flags: frozenset[str]) -> str | None:
    """Return the precision that a device is fast in, where what it is decides; None elsewhere.

    Args:
        device: what a network computes on.
        flags: the CPU's, as Linux names them; none where they are not known.

    Example:
        >>> laptop = Device("tensorflow", "cpu", "a laptop's processor")
        >>> pick_precision(laptop, frozenset({"avx2", "fma"}))
        'float32'
        >>> pick_precision(laptop, frozenset()) is None
        True
    """
    if device.kind == "gpu":
        if device.generation is None:
            return None
        return BFLOAT16 if device.generation >= AMPERE else FLOAT32
    if flags and not flags & BFLOAT16_FLAGS:
        return FLOAT32
    # Other backends, and TensorFlow without oneDNN, may leave the tiles alone.
    tiles = "amx_bf16" in flags and os.environ.get("TF_ENABLE_ONEDNN_OPTS", "1") == "1"
    return BFLOAT16 if tiles and device.backend == "tensorflow" else None


def processor_flags() -> frozenset[str]:
    """Return the CPU's flags as Linux lists them; none on another system."""
    try:
        line = re.search(
            r"^(?:flags|Features)\s*:(.*)$", PROCESSOR.read_text("utf-8"), re.MULTILINE
        )
    except OSError:
        return frozenset()
    return frozenset(line.group(1).split()) if line else frozenset()


def resolve_precision(
    recipe: Recipe, measure: Measure | None = None
) -> tuple[Recipe, dict[str, StepTime]]:
    """Return a recipe whose precision is that of this machine where it said "auto".

    Brings the backend up, to see what it computes on.

    Args:
        recipe: "auto" is replaced, any other precision stays.
        measure: times a step by a recipe, where what the device is does not decide; float32 there
            when left out.

    Returns:
        The recipe, and what a step takes by precision, where it was measured.

    Example:
        >>> resolve_precision(Recipe(precision="float32"))[1]
        {}
    """
    if recipe.precision != AUTO:
        return recipe, {}
    plain = dataclasses.replace(recipe, precision=FLOAT32)
    fast = pick_precision(detect_device(), processor_flags())
    if fast:
        return dataclasses.replace(recipe, precision=fast), {}
    if measure is None:
        return plain, {}
    mixed = dataclasses.replace(recipe, precision=BFLOAT16)
    times = {FLOAT32: measure(plain, float("inf"))}
    slow = times[FLOAT32].seconds
    times[BFLOAT16] = measure(mixed, HOPELESS * slow)
    return (mixed if times[BFLOAT16].seconds < WORTH * slow else plain), times


@contextlib.contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    """Build layers under a Keras dtype policy, and leave the process's own as it was.

    Args:
        name: "float32", "mixed_bfloat16" (fast on recent CPUs and GPUs) or "mixed_float16"
            (GPUs before 2020). Weights are float32 under each of them.

    Example:
        >>> import keras
        >>> with dtype_policy("mixed_bfloat16"):
        ...     layer = keras.layers.Dense(1)
        >>> layer.compute_dtype
        'bfloat16'
    """
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
