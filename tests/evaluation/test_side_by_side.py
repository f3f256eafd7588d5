from __future__ import annotations

import json

import pytest

from siam.errors import DataError
from siam.evaluation.measure import Embedded, measure
from siam.evaluation.side_by_side import side_by_side

NAMES = ("good", "poor")


@pytest.fixture(scope="module")
def runs(clusters, calibration):
    gallery = Embedded(*clusters(400, seed=2))
    return [
        measure(
            Embedded(*clusters(200, spread=spread, seed=4)), gallery, calibration, classes="abcd"
        )
        for spread in (0.25, 0.8)
    ]


def test_the_better_run_is_named_with_what_it_is_better_in(runs):
    found = side_by_side(*runs, names=NAMES)
    assert found["verdict"].startswith("good is better in recall@1")
    assert "eer" in found["verdict"]
    assert "poor is" not in found["verdict"]
    assert found["pictures"] == 200
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    for name, figure in found["figures"].items():
        low, high = figure["difference_ci95"]
        assert low <= figure["difference"] <= high, name
        assert 0 < figure["p_value"] <= 1
        assert figure["larger_than_chance"]


def test_exchanging_the_runs_changes_the_sign(runs):
    forward = side_by_side(*runs, names=NAMES)["figures"]
    back = side_by_side(runs[1], runs[0], names=NAMES[::-1])["figures"]
    for name, figure in forward.items():
        assert back[name]["difference"] == pytest.approx(-figure["difference"])


def test_a_run_does_not_differ_from_itself(runs):
    found = side_by_side(runs[0], runs[0], names=("one", "two"))
    assert found["verdict"] == "No difference between one and two is larger than chance."


def test_other_pictures_are_refused(runs, clusters, calibration):
    other = Embedded(*clusters(120, seed=4))
    measured = measure(other, other, calibration, classes="abcd")
    with pytest.raises(DataError, match="good and poor were not measured on the same pictures"):
        side_by_side(runs[0], measured, names=NAMES)
