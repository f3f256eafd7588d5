from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from siam.errors import DataError, UsageError
from siam.evaluation.distances import Embedded, pair_distances
from siam.evaluation.measure import measure
from siam.evaluation.summary import summarise

DOCUMENT = Path(__file__).parents[2] / "docs" / "evaluation.md"


@pytest.fixture(scope="module")
def metrics(measured, calibration):
    return summarise(measured, calibration, run="first", dataset="clusters")


def walk(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    yield path, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from walk(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner, path)


def test_the_contract_holds(metrics):
    assert metrics["schema"] == 1
    assert (metrics["run"], metrics["dataset"]) == ("first", "clusters")
    assert {"accuracy", "auc", "eer", "threshold", "count"} <= set(metrics["pairs"])
    assert {"recall@1", "recall@5", "map@r"} <= set(metrics["retrieval"])
    assert [found["name"] for found in metrics["classes"]] == ["ant", "bee", "cat", "dog"]
    for block, names in (
        ("pairs", ("accuracy", "auc", "eer")),
        ("retrieval", ("recall@1", "recall@5", "map@r")),
    ):
        for name in names:
            low, high = metrics[block][f"{name}_ci95"]
            assert 0 <= low <= metrics[block][name] <= high <= 1


def test_every_interval_stands_beside_its_figure_and_holds_it(metrics):
    seen = 0
    for path, value in walk(metrics):
        if not isinstance(value, dict):
            continue
        for key in value:
            if key.endswith("_ci95"):
                seen += 1
                figure = value[key.removesuffix("_ci95")]
                low, high = value[key]
                assert figure is None or low <= figure <= high, f"{path}.{key}"
    assert seen > 40


def test_it_is_plain_json_without_nan(metrics):
    assert json.loads(json.dumps(metrics, allow_nan=False)) == metrics
    for path, value in walk(metrics):
        assert type(value) in (dict, list, str, int, float, bool, type(None)), path
        assert not (isinstance(value, float) and math.isnan(value)), path


def test_figures_equal_those_recomputed_from_the_pairs(metrics, measured, clusters):
    vectors, labels = clusters(120, seed=4)
    pairs = measured.pairs
    distances = pair_distances(vectors, pairs.left, pairs.right)
    same = labels[pairs.left] == labels[pairs.right]
    accuracy = np.mean((distances <= metrics["pairs"]["threshold"]) == same)
    assert metrics["pairs"]["count"] == 20_000
    assert metrics["pairs"]["accuracy"] == pytest.approx(accuracy)
    assert metrics["all_pairs"]["count"] == 120 * 119 // 2


def test_episodes_within_a_group_are_named_apart(metrics):
    protocols = {found["protocol"] for found in metrics["one_shot"]}
    # Four classes in two groups of two: no group has five.
    assert protocols == set()


def test_out_of_distribution_pictures_are_scored_beside_classes_left_out(metrics):
    assert set(metrics["unfamiliar"]) == {"nonsense", "class not in the gallery"}
    assert metrics["unfamiliar"]["nonsense"]["strange"] == 50
    assert metrics["unfamiliar"]["class not in the gallery"]["auroc"] > 0.9


def test_another_rate_is_another_operating_point(clusters, calibration):
    test, gallery = Embedded(*clusters(60, seed=4)), Embedded(*clusters(80, seed=2))
    measured = measure(test, gallery, calibration, classes=tuple("abcd"), false_accept_rate=0.01)
    metrics = summarise(measured, calibration, run="r", dataset="d")
    assert metrics["operating_point"]["chosen_by"] == "far"
    assert metrics["pairs"]["threshold"] == calibration.threshold_for(0.01)
    by_hand = measure(test, gallery, calibration, classes=tuple("abcd"), threshold=0.0)
    metrics = summarise(by_hand, calibration, run="r", dataset="d")
    assert metrics["operating_point"]["chosen_by"] == "hand"
    assert (metrics["pairs"]["threshold"], metrics["pairs"]["tar"]) == (0.0, 0.0)
    assert metrics["verdicts"]["no match"]["count"] == 60


def test_test_classes_outside_the_gallery_are_searched_among_themselves(clusters, calibration):
    vectors, labels = clusters(60, seed=4)
    gallery = Embedded(*clusters(80, seed=2))
    classes = tuple(str(place) for place in range(8))
    measured = measure(Embedded(vectors, labels + 4), gallery, calibration, classes=classes)
    assert measured.gallery == "test"
    assert measured.gallery_count == 60
    metrics = summarise(measured, calibration, run="r", dataset="d")
    assert metrics["retrieval"]["recall@1"] == metrics["retrieval_within_test"]["recall@1"]


def test_a_figure_that_cannot_be_measured_is_null(clusters, calibration):
    """One class has no test picture."""
    vectors, labels = clusters(60, seed=4)
    kept = labels != 3
    gallery = Embedded(*clusters(80, seed=2))
    measured = measure(
        Embedded(vectors[kept], labels[kept]), gallery, calibration, classes=tuple("abcd")
    )
    metrics = summarise(measured, calibration, run="r", dataset="d")
    assert metrics["classes"][3]["recall"] is None
    assert metrics["classes"][3]["recall_ci95"] == [0.0, 1.0]


def test_one_class_makes_no_pairs(clusters, calibration):
    vectors, _ = clusters(20)
    with pytest.raises(DataError):
        measure(
            Embedded(vectors, np.zeros(20)),
            Embedded(vectors, np.zeros(20)),
            calibration,
            classes=("a",),
        )


def test_rate_and_threshold_exclude_each_other(clusters, calibration):
    one = Embedded(*clusters(20))
    with pytest.raises(UsageError, match="exclude each other"):
        measure(one, one, calibration, classes=tuple("abcd"), false_accept_rate=0.1, threshold=0.2)


def test_every_key_is_documented(metrics):
    words = DOCUMENT.read_text(encoding="utf-8")
    free = {"nonsense", "class not in the gallery"}
    for path, value in walk(metrics):
        if isinstance(value, dict):
            for key in value:
                name = key.removesuffix("_ci95")
                assert name in free or f"`{name}`" in words, f"{path}.{key} is not in {DOCUMENT}"
