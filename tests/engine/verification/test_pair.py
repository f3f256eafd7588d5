"""Two pictures: the same, unsure or different."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from siam.engine.open_run import OpenRun, open_run
from siam.engine.verification.pair import decide_pair, verify_pair
from siam.errors import PictureError, UsageError
from siam.pictures.findings import Finding
from siam.pictures.preparation import Prepared
from siam.runs.held_out import load_held_out

SEEN = Prepared(np.zeros((28, 28, 1), np.uint8), (), {}, ())
BLANK = replace(SEEN, findings=(Finding("blank"),))
SEVERAL = replace(SEEN, findings=(Finding("several", 3),))


@pytest.fixture(scope="module")
def run(trained: Path) -> OpenRun:
    """The trained run, opened."""
    return open_run(str(trained))


@pytest.fixture(scope="module")
def pictures(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, int]]:
    """Forty test digits as PNG files, with their labels."""
    _, test = load_held_out(trained)
    folder = tmp_path_factory.mktemp("pairs")
    for place in range(40):
        Image.fromarray(test.pictures[place, :, :, 0]).save(folder / f"{place}.png")
    return [(folder / f"{place}.png", int(test.labels[place])) for place in range(40)]


@pytest.mark.parametrize(
    ("distance", "probability", "prepared", "by_hand", "verdict", "reason"),
    [
        (0.2, 0.99, (SEEN, SEEN), False, "same", "0.200 apart, 0.500 at most"),
        (0.2, 0.6, (SEEN, SEEN), False, "unsure", "the same with 60.0%, sure from 90%"),
        (0.2, 0.6, (SEEN, SEEN), True, "same", "0.500 at most"),
        (0.6, 0.3, (SEEN, SEEN), False, "different", "farther than 0.500"),
        (0.2, 0.99, (SEEN, SEVERAL), False, "unsure", "right: more than one digit found"),
        (0.6, 0.3, (SEVERAL, SEEN), False, "different", "farther than 0.500"),
        (0.0, 1.0, (BLANK, BLANK), True, "unsure", "left: the picture is blank; right: the"),
        (1.2, 0.0, (BLANK, SEEN), False, "unsure", "left: the picture is blank"),
    ],
)
def test_a_verdict_is_never_surer_than_its_evidence(
    distance: float,
    probability: float,
    prepared: tuple[Prepared, Prepared],
    by_hand: bool,
    verdict: str,
    reason: str,
) -> None:
    decided = decide_pair(distance, probability, 0.5, prepared, by_hand=by_hand)
    assert decided[0] == verdict
    assert reason in decided[1]


def test_a_picture_is_the_same_as_itself(run: OpenRun, pictures: list[tuple[Path, int]]) -> None:
    path, _ = pictures[0]
    answer = verify_pair(run, ("a", path), ("b", path.read_bytes()))
    assert answer.same
    assert answer.distance == pytest.approx(0, abs=1e-5)
    assert answer.probability > 0.9
    assert answer.to_dict()["left"] == "a"


def test_pairs_are_told_apart_as_often_as_the_run_promises(
    run: OpenRun, pictures: list[tuple[Path, int]]
) -> None:
    right, wrong = 0, 0
    for (left, a), (other, b) in zip(pictures, pictures[1:], strict=False):
        answer = verify_pair(run, ("left", left), ("right", other))
        turned = verify_pair(run, ("right", other), ("left", left))
        assert answer.distance == pytest.approx(turned.distance, abs=1e-6)
        right += (answer.verdict == "same") == (a == b)
        wrong += answer.verdict == ("same" if a != b else "different")
    assert right >= 33
    assert wrong <= 4


def test_the_threshold_by_rate_and_by_hand(run: OpenRun, pictures: list[tuple[Path, int]]) -> None:
    same = next(
        (left, other)
        for place, (left, a) in enumerate(pictures)
        for other, b in pictures[place + 1 :]
        if a == b
    )
    left, other = ("left", same[0]), ("right", same[1])
    strict = verify_pair(run, left, other, false_accept_rate=0.001)
    loose = verify_pair(run, left, other, false_accept_rate=0.5)
    assert strict.threshold < loose.threshold
    assert verify_pair(run, left, other, threshold=0.0).verdict == "different"
    assert verify_pair(run, left, other, threshold=2.0).verdict == "same"
    with pytest.raises(UsageError, match="exclude each other"):
        verify_pair(run, left, other, false_accept_rate=0.01, threshold=0.5)


def test_a_picture_that_cannot_be_read(run: OpenRun, pictures: list[tuple[Path, int]]) -> None:
    with pytest.raises(PictureError, match="nowhere.png: no such file"):
        verify_pair(run, ("a", pictures[0][0]), ("nowhere.png", Path("nowhere.png")))
