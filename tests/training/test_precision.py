"""Which precision a machine is fast in, and that "auto" becomes it before a training."""

from __future__ import annotations

from pathlib import Path

import pytest

from siam.recipe import Recipe
from siam.training import precision
from siam.training.device import Device
from siam.training.precision import (
    StepTime,
    pick_precision,
    processor_flags,
    resolve_precision,
)

AVX2 = "processor\t: 0\nmodel name\t: a laptop\nflags\t\t: fpu sse2 avx2 fma\nbogomips\t: 4000\n"
AMX = AVX2.replace("fma", "fma avx512_bf16 amx_bf16 amx_tile")
ARM = "processor\t: 0\nBogoMIPS\t: 50.00\nFeatures\t: fp asimd bf16\n"


def device(kind: str, backend: str = "tensorflow", generation: int | None = None) -> Device:
    """A device of a kind."""
    return Device(backend, kind, "a device", generation=generation)


@pytest.mark.parametrize(
    ("on", "flags", "fast"),
    [
        (device("cpu"), {"avx2", "fma"}, "float32"),
        (device("cpu"), {"avx2", "avx512f"}, "float32"),
        (device("cpu"), {"asimd"}, "float32"),
        (device("cpu"), {"amx_bf16", "avx512_bf16"}, "mixed_bfloat16"),
        (device("cpu", "jax"), {"amx_bf16", "avx512_bf16"}, None),
        (device("cpu"), {"avx512_bf16"}, None),
        (device("cpu"), {"asimd", "bf16"}, None),
        (device("cpu"), set(), None),
        (device("gpu", generation=9), {"avx2"}, "mixed_bfloat16"),
        (device("gpu", generation=7), {"avx2"}, "float32"),
        (device("gpu"), {"avx2"}, None),
    ],
)
def test_what_a_device_is_decides_where_it_can(
    on: Device, flags: set[str], fast: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    assert pick_precision(on, frozenset(flags)) == fast


def test_tiles_that_tensorflow_may_not_use_decide_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    assert pick_precision(device("cpu"), frozenset({"amx_bf16"})) is None


@pytest.mark.parametrize(
    ("content", "flag"), [(AVX2, "avx2"), (AMX, "amx_bf16"), (ARM, "bf16"), ("", None)]
)
def test_flags_are_read_as_linux_lists_them(
    content: str, flag: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "PROCESSOR", tmp_path / "cpuinfo")
    assert processor_flags() == frozenset()  # as on a system without that file
    (tmp_path / "cpuinfo").write_text(content)
    assert (flag in processor_flags()) if flag else not processor_flags()


def never(recipe: Recipe, limit: float) -> StepTime:
    """Measure where nothing should be measured."""
    raise AssertionError(recipe.precision)


@pytest.fixture
def unclear(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of which nothing tells what it is fast in."""
    monkeypatch.setattr(precision, "detect_device", lambda: device("cpu"))
    monkeypatch.setattr(precision, "processor_flags", frozenset)


@pytest.mark.parametrize(
    ("mixed_seconds", "fast"),
    [(0.02, "mixed_bfloat16"), (0.098, "float32"), (0.1, "float32"), (1.6, "float32")],
)
def test_where_nothing_tells_the_faster_is_taken(
    unclear: None, mixed_seconds: float, fast: str
) -> None:
    limits = {}

    def measure(recipe: Recipe, limit: float) -> StepTime:
        limits[recipe.precision] = limit
        return StepTime(0.1 if recipe.precision == "float32" else mixed_seconds, compiling=2.0)

    recipe, times = resolve_precision(Recipe(dim=32), measure)
    assert recipe == Recipe(dim=32, precision=fast)
    assert times == {"float32": StepTime(0.1, 2.0), "mixed_bfloat16": StepTime(mixed_seconds, 2.0)}
    # An emulated step is given up before it is repeated.
    assert limits == {"float32": float("inf"), "mixed_bfloat16": 0.2}


def test_where_nothing_tells_and_nothing_measures_it_is_float32(unclear: None) -> None:
    assert resolve_precision(Recipe()) == (Recipe(precision="float32"), {})


def test_where_the_processor_tells_nothing_is_measured(
    unclear: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "processor_flags", lambda: frozenset({"avx2"}))
    recipe, seconds = resolve_precision(Recipe(), never)
    assert (recipe.precision, seconds) == ("float32", {})


def test_a_precision_that_was_named_stays(unclear: None) -> None:
    named = Recipe(precision="mixed_float16")
    assert resolve_precision(named, never) == (named, {})
