from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from siam.errors import DataError, RunError, UsageError
from siam.evaluation.all_pairs import count_all_pairs
from siam.evaluation.appearance import Descriptions
from siam.evaluation.calibration import Calibration, read_calibration, write_calibration
from siam.evaluation.calibration_fit import fit_calibration
from siam.evaluation.distances import Embedded
from siam.evaluation.pairs import best_threshold
from siam.evaluation.votes import count_votes
from siam.unit_vectors import exact_neighbours


def test_probability_falls_with_distance(calibration):
    probabilities = calibration.same_probability(np.linspace(0, 2, 500))
    assert np.all(np.diff(probabilities) <= 0)
    assert probabilities[0] > 0.99
    assert probabilities[-1] < 0.01


def test_threshold_is_as_accurate_as_the_best_of_every_pair(clusters, every_pair, calibration):
    distances, same = every_pair(*clusters(200, seed=1))
    threshold = best_threshold(distances, same)

    def accuracy(at: float) -> float:
        return float(np.mean(distances[same == 1] <= at) + np.mean(distances[same == 0] > at)) / 2

    assert accuracy(calibration.threshold) == pytest.approx(accuracy(threshold), abs=1e-3)


def test_thresholds_by_rate_keep_it_on_the_validation_pairs(clusters, every_pair):
    vectors, labels = clusters(200, spread=0.5, seed=1)
    calibration = fit_calibration(*2 * [Embedded(vectors, labels)])
    distances, same = every_pair(vectors, labels)
    for rate in (0.5, 0.1, 0.01, 0.001):
        measured = np.mean(distances[same == 0] <= calibration.threshold_for(rate) + 1e-9)
        assert 0.8 * rate < measured <= rate * 1.01
        assert calibration.false_accept_rate_at(calibration.threshold_for(rate)) == pytest.approx(
            rate, rel=0.2
        )


def test_thresholds_rise_with_the_rate(calibration):
    rates = np.geomspace(calibration.false_accept_rates[0], 1, 50)
    thresholds = [calibration.threshold_for(float(min(rate, 1))) for rate in rates]
    assert thresholds == sorted(thresholds)


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (0.0, "above 0 and at most 1, received 0"),
        (-0.1, "received -0.1"),
        (1.5, "received 1.5"),
        (float("nan"), "received nan"),
        (1e-9, "cannot be measured on 15,000 different validation pairs"),
    ],
)
def test_rates_that_cannot_be_kept_are_refused(calibration, rate, words):
    with pytest.raises(UsageError, match=words):
        calibration.threshold_for(rate)


def test_threshold_by_hand_is_taken_zero_included(calibration):
    assert calibration.pick_threshold(None, 0.0) == 0.0
    assert calibration.pick_threshold(None, 2.0) == 2.0
    assert calibration.pick_threshold(None, None) == calibration.threshold
    assert calibration.pick_threshold(0.01, None) == calibration.threshold_for(0.01)


@pytest.mark.parametrize("threshold", [-0.1, 2.1, float("nan")])
def test_threshold_out_of_range_is_refused(calibration, threshold):
    with pytest.raises(UsageError, match="from 0 to 2"):
        calibration.pick_threshold(None, threshold)


def test_rate_and_threshold_exclude_each_other(calibration):
    with pytest.raises(
        UsageError, match="--false-accept-rate 0.01 and --threshold 0 exclude each other"
    ):
        calibration.pick_threshold(0.01, 0.0)


def test_operating_point_in_words(calibration):
    words = calibration.operating_point(false_accept_rate=0.01)
    assert words.endswith("1 % false accepts, measured on 15,000 validation pairs")
    assert "set by hand" in calibration.operating_point(threshold=0.0)
    assert "below" in calibration.operating_point(threshold=0.0)


def test_label_probability_tells_right_from_wrong_and_known_from_withheld(clusters, calibration):
    gallery, labels = clusters(400, seed=2)
    queries, query_labels = clusters(200, seed=6)
    found = exact_neighbours(queries, gallery, 10)
    known = calibration.label_probability(count_votes(found.distances, labels[found.positions]))
    rest = labels != 0
    found = exact_neighbours(queries[query_labels == 0], gallery[rest], 10)
    withheld = calibration.label_probability(
        count_votes(found.distances, labels[rest][found.positions])
    )
    assert np.median(known) > 0.95
    assert np.median(withheld) < 0.5


def test_label_without_neighbours_has_no_probability(calibration):
    votes = count_votes(np.zeros((2, 0)), np.zeros((2, 0), int))
    assert calibration.label_probability(votes).tolist() == [0.0, 0.0]


def test_file_round_trip(tmp_path, calibration):
    path = tmp_path / "calibration.json"
    write_calibration(path, calibration)
    assert read_calibration(path) == calibration
    assert json.loads(path.read_text())["schema"] == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"schema": 1}', "cannot be read"),
        ('{"schema": 1, "surprise": 3}', "cannot be read"),
        ('{"schema": 7}', "has schema 7, this siam reads 1"),
        ("{}", "cannot be read"),
    ],
)
def test_damaged_file_is_refused(tmp_path, content, words):
    path = tmp_path / "calibration.json"
    path.write_text(content)
    with pytest.raises(RunError, match=words):
        read_calibration(path)


# Key -> a value that a damaged or hostile file may hold in its place, as JSON.
WRONG = {
    "a word": {"threshold": '"0.5"'},
    "true": {"same_pairs": "true"},
    "null": {"familiar": "null"},
    "not a number": {"threshold": "NaN"},
    "infinite": {"unfamiliar": "1e999"},
    "a distance beyond 2": {"threshold": "2.5"},
    "a negative count": {"queries": "-1"},
    "half a picture": {"pictures": "1.5"},
    "a million neighbours": {"neighbours": "1000000"},
    "two weights": {"label_weights": "[0.0, 1.0]"},
    "no knots": {"distances": "[]", "probabilities": "[]"},
    "lists of two lengths": {"probabilities": "[1.0]"},
    "a curve that turns": {"distances": "[0.5, 0.1]", "probabilities": "[1.0, 0.0]"},
    "a curve that rises": {"distances": "[0.1, 0.5]", "probabilities": "[0.0, 1.0]"},
    "a rate of 0": {"fars": "[0.0]", "far_distances": "[0.3]"},
    "ten million knots": {"distances": f"[{'0,' * 10_000_000}0]"},
    "30,000 knots": {"distances": f"[{'0,' * 30_000}0]"},
    "too deep": {"surprise": "[" * 100_000},
}


@pytest.mark.parametrize("keys", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_value_is_one_line(tmp_path, calibration, keys):
    path = tmp_path / "calibration.json"
    write_calibration(path, calibration)
    rest = {key: json.dumps(value) for key, value in json.loads(path.read_text()).items()}
    path.write_text(
        "{" + ", ".join(f'"{key}": {value}' for key, value in (rest | keys).items()) + "}"
    )
    with pytest.raises(RunError) as refused:
        read_calibration(path)
    assert refused.value.problem.startswith(f"The calibration {path} cannot be read: ")
    assert "\n" not in refused.value.problem and len(refused.value.problem) < 400


def test_the_file_keeps_its_keys(tmp_path, calibration):
    """Runs of every age are read by siam of every age."""
    path = tmp_path / "calibration.json"
    write_calibration(path, calibration)
    assert {"schema", "fars", "far_distances"} <= json.loads(path.read_text()).keys()


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(RunError, match="is missing"):
        read_calibration(tmp_path / "calibration.json")


def test_validation_without_same_pairs_is_refused(clusters):
    vectors = np.eye(4, dtype=np.float32)
    with pytest.raises(DataError, match="received 0 same and 6 different"):
        fit_calibration(*2 * [Embedded(vectors, np.arange(4))])


def test_validation_classes_outside_the_gallery_are_compared_with_one_another(clusters):
    vectors, labels = clusters(120)
    gallery, gallery_labels = clusters(80, seed=3)
    fitted = fit_calibration(Embedded(vectors, labels + 100), Embedded(gallery, gallery_labels))
    found = exact_neighbours(vectors, vectors, 10, same_set=True)
    votes = count_votes(found.distances, labels[found.positions])
    assert fitted.familiar == pytest.approx(np.quantile(votes.closeness, 0.95))


def test_all_embeddings_equal_still_calibrate():
    vectors = np.tile(np.array([[1.0, 0.0]], np.float32), (40, 1))
    labels = np.arange(40) % 2
    fitted = fit_calibration(*2 * [Embedded(vectors, labels)])
    assert fitted.same_probability(np.array([0.0])) == pytest.approx(0.5, abs=0.01)
    assert np.isfinite(fitted.label_weights).all()


def test_reading_and_deciding_import_nothing_heavy(tmp_path, calibration):
    write_calibration(tmp_path / "calibration.json", calibration)
    program = (
        "import sys, numpy as np; from pathlib import Path\n"
        "from siam.evaluation.calibration import read_calibration\n"
        "from siam.evaluation.verdict import decide\n"
        f"found = read_calibration(Path({str(tmp_path)!r}) / 'calibration.json')\n"
        "decide(np.array([[0.1, 0.2]]), np.array([[1, 1]]), found)\n"
        "heavy = {'sklearn', 'scipy', 'matplotlib', 'faiss', 'tensorflow', 'keras'}\n"
        "print(heavy & set(sys.modules))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert answer.stdout.strip() == "set()", answer.stderr


@given(st.floats(0, 2))
def test_rate_of_any_distance_is_a_rate(distance):
    fitted = Calibration(
        threshold=0.5,
        distances=(0.0, 2.0),
        probabilities=(1.0, 0.0),
        false_accept_rates=(0.01, 1.0),
        false_accept_distances=(0.3, 1.9),
        same_pairs=5,
        different_pairs=100,
        pictures=20,
        neighbours=10,
        label_weights=(0.0,) * 3,
        familiar=0.6,
        unfamiliar=0.9,
        queries=20,
    )
    assert 0 <= fitted.false_accept_rate_at(distance) <= 1
    assert replace(fitted, threshold=distance).pick_threshold(None, None) == distance


def test_pairs_measured_are_all_validation_pairs(clusters, calibration):
    pairs = count_all_pairs(*clusters(200, seed=1))
    assert calibration.same_pairs == pairs.same.sum()
    assert calibration.different_pairs == pairs.different.sum() == 15_000


def test_probes_that_come_near_make_fewer_pictures_familiar(clusters, tmp_path):
    sizes = {"dim": 32, "spread": 0.1}
    sets = [Embedded(*clusters(count, seed=seed, **sizes)) for count, seed in ((200, 1), (400, 2))]
    strays = (clusters(100, seed=7, dim=32, spread=spread)[0] for spread in (9.0, 0.1))
    far, near = (fit_calibration(*sets, probes={"strays": rows}) for rows in strays)
    assert far.familiar == fit_calibration(*sets).familiar > near.familiar
    found = exact_neighbours(sets[0].embeddings, sets[1].embeddings, 10)
    closeness = count_votes(found.distances, sets[1].labels[found.positions]).closeness
    assert np.mean(closeness <= near.familiar) >= 0.9
    assert far.let_through == {"strays": 0} and near.let_through["strays"] > 0.5
    write_calibration(tmp_path / "calibration.json", near)
    assert read_calibration(tmp_path / "calibration.json") == near


def test_where_embeddings_let_probes_through_their_looks_keep_them_out(clusters, tmp_path):
    sets = [Embedded(*clusters(200, seed=1)), Embedded(*clusters(400, seed=2))]
    probes, random = {"strays": clusters(100, seed=7)[0]}, np.random.default_rng(0)
    train, validation, strays = (random.normal(size=(count, 5)) for count in (400, 200, 100))
    looks = Descriptions(train, validation, {"strays": strays + 9})
    fitted = fit_calibration(*sets, probes=probes, descriptions=looks)
    assert fitted.appearance is not None and fitted.let_through == {"strays": 0}
    assert np.mean(fitted.appearance.unlikeness(validation) <= fitted.appearance.limit) >= 0.97
    assert fitted.familiar == fit_calibration(*sets).familiar
    write_calibration(tmp_path / "calibration.json", fitted)
    assert read_calibration(tmp_path / "calibration.json") == fitted
    assert fit_calibration(*sets, probes={}, descriptions=looks).appearance is None
    alike = Descriptions(train, validation, {"strays": strays})
    through = fit_calibration(*sets, probes=probes, descriptions=alike)
    assert through.let_through["strays"] > 0.5, "what looks alike is said to be let through"


@pytest.mark.parametrize("rows", [((1.0,),), ((1.0, 0.0),), ((1.0, 0.0), (1.0,))])
def test_an_appearance_that_fits_nothing_is_refused(calibration, tmp_path, rows):
    path = tmp_path / "calibration.json"
    write_calibration(path, calibration)
    content = json.loads(path.read_text())
    content["appearance"] = {"mean": [0.0, 0.0], "precision": rows, "limit": 1.0}
    path.write_text(json.dumps(content))
    with pytest.raises(RunError, match="2 x 2"):
        read_calibration(path)
