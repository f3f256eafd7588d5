"""The numbers a network computes with while it learns: float32, or a mix with bfloat16."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import keras

from siam.recipe import Recipe
from siam.training.device import detect_device

__all__ = ["AUTO", "PRECISIONS", "dtype_policy", "pick_precision", "resolve_precision"]

AUTO = "auto"
PRECISIONS = (AUTO, "float32", "mixed_bfloat16", "mixed_float16")
# A processor with one of these multiplies bfloat16 by itself. Others emulate it: a training step
# of the small tower took 1,606 ms for float32's 158 on one with AVX2 alone.
BFLOAT16_FLAGS = frozenset({"amx_bf16", "avx512_bf16"})
PROCESSOR = Path("/proc/cpuinfo")


def pick_precision(kind: str, flags: frozenset[str]) -> str:
    """Return the precision that a processor is fast in.

    Args:
        kind: "cpu" or "gpu".
        flags: the CPU's, as Linux names them; none where they are not known.

    Example:
        >>> pick_precision("cpu", frozenset({"avx2", "fma"}))
        'float32'
    """
    return "mixed_bfloat16" if kind == "gpu" or flags & BFLOAT16_FLAGS else "float32"


def processor_flags() -> frozenset[str]:
    """Return the CPU's flags as Linux lists them; none on another system."""
    try:
        line = re.search(r"^flags\s*:(.*)$", PROCESSOR.read_text(), re.MULTILINE)
    except OSError:
        return frozenset()
    return frozenset(line.group(1).split()) if line else frozenset()


def resolve_precision(recipe: Recipe) -> Recipe:
    """Return a recipe whose precision is that of this machine where it said "auto".

    Brings the backend up, to see what it computes on.
    """
    if recipe.precision != AUTO:
        return recipe
    fast = pick_precision(detect_device().kind, processor_flags())
    return dataclasses.replace(recipe, precision=fast)


@contextlib.contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    """Build layers under a Keras dtype policy, and leave the process's own as it was.

    Args:
        name: "float32", "mixed_bfloat16" (fast on recent CPUs and GPUs) or "mixed_float16"
            (GPUs before 2020). Weights are float32 under each of them.

    Example:
        >>> with dtype_policy("mixed_bfloat16"):
        ...     layer = keras.layers.Dense(1)
        >>> layer.compute_dtype
        'bfloat16'
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
