"""The learning rate rises in a line, falls in half a cosine and ends at 0."""

from __future__ import annotations

import pytest

from siam.training.schedule import warm_up_cosine


def test_it_rises_peaks_and_ends_at_zero() -> None:
    rate = warm_up_cosine(0.01, steps=100, warm_up=0.2)
    found = [float(rate(step)) for step in (0, 10, 20, 60, 100)]
    assert found == pytest.approx([0.0, 0.005, 0.01, 0.005, 0.0], abs=1e-7)


def test_without_warm_up_it_starts_at_the_peak() -> None:
    rate = warm_up_cosine(0.01, steps=10, warm_up=0.0)
    assert float(rate(0)) == pytest.approx(0.01)
    assert float(rate(10)) == pytest.approx(0.0)


def test_one_step_is_a_training_too() -> None:
    assert float(warm_up_cosine(0.01, steps=1, warm_up=0.15)(0)) == pytest.approx(0.01)


@pytest.mark.parametrize("values", [(0.0, 10, 0.1), (0.01, 0, 0.1), (0.01, 10, 1.0)])
def test_values_outside_their_range_are_refused(values: tuple[float, int, float]) -> None:
    peak, steps, warm_up = values
    with pytest.raises(ValueError, match=f"received peak {peak}, steps {steps}"):
        warm_up_cosine(peak, steps=steps, warm_up=warm_up)
