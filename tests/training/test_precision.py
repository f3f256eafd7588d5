"""Which precision a machine is fast in, and that "auto" becomes it before a training."""

from __future__ import annotations

from pathlib import Path

import pytest

from siam.recipe import Recipe
from siam.training import precision
from siam.training.precision import pick_precision, processor_flags, resolve_precision

AVX2 = "processor\t: 0\nmodel name\t: a laptop\nflags\t\t: fpu sse2 avx2 fma\nbogomips\t: 4000\n"
AMX = AVX2.replace("fma", "fma avx512_bf16 amx_bf16 amx_tile")


@pytest.mark.parametrize(
    ("kind", "flags", "fast"),
    [
        ("cpu", {"avx2", "fma"}, "float32"),
        ("cpu", {"avx2", "avx512f"}, "float32"),
        ("cpu", {"avx512_bf16"}, "mixed_bfloat16"),
        ("cpu", {"amx_bf16"}, "mixed_bfloat16"),
        ("cpu", set(), "float32"),
        ("gpu", {"avx2"}, "mixed_bfloat16"),
    ],
)
def test_bfloat16_only_where_it_is_not_emulated(kind: str, flags: set[str], fast: str) -> None:
    assert pick_precision(kind, frozenset(flags)) == fast


@pytest.mark.parametrize(("content", "fast"), [(AVX2, "float32"), (AMX, "mixed_bfloat16")])
def test_auto_goes_by_the_processor_at_hand(
    content: str, fast: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpuinfo").write_text(content)
    monkeypatch.setattr(precision, "PROCESSOR", tmp_path / "cpuinfo")
    assert resolve_precision(Recipe()).precision == fast


def test_a_system_that_lists_no_flags_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "PROCESSOR", tmp_path / "nothing")
    assert processor_flags() == frozenset()


def test_a_precision_that_was_named_stays() -> None:
    assert resolve_precision(Recipe(precision="mixed_float16")).precision == "mixed_float16"
