from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siam.evaluation.votes import CLOSEST, SOFTENING, UNKNOWN, count_votes

neighbours = st.lists(st.tuples(st.floats(0, 2), st.integers(0, 3)), min_size=1, max_size=12)


@given(neighbours)
def test_votes_equal_a_loop(found):
    found = sorted(found)
    support: dict[int, float] = {}
    for distance, label in found:
        support[label] = support.get(label, 0) + 1 / (distance + SOFTENING) ** 2
    votes = count_votes(np.array([[d for d, _ in found]]), np.array([[n for _, n in found]]))
    label = int(votes.labels[0])
    assert support[label] == pytest.approx(max(support.values()))
    assert votes.shares[0] == pytest.approx(support[label] / sum(support.values()))
    own = [distance for distance, name in found if name == label]
    assert votes.nearest[0] == own[0]
    assert votes.closeness[0] == pytest.approx(np.mean(own[:CLOSEST]))


def test_missing_neighbours_have_no_vote():
    votes = count_votes(np.array([[0.3, np.inf, np.nan]]), np.array([[4, 5, 5]]))
    assert (votes.labels[0], votes.shares[0], votes.nearest[0]) == (4, 1.0, 0.3)


@pytest.mark.parametrize("distances", [np.zeros((2, 0)), np.full((2, 3), np.inf)])
def test_without_neighbours_there_is_no_label(distances):
    votes = count_votes(distances, np.zeros(distances.shape, int))
    assert votes.labels.tolist() == [UNKNOWN, UNKNOWN]
    assert votes.shares.tolist() == [0.0, 0.0]
    assert votes.closeness.tolist() == [2.0, 2.0]


def test_shapes_must_agree():
    with pytest.raises(ValueError, match=r"received \(2, 3\) and \(2, 4\)"):
        count_votes(np.zeros((2, 3)), np.zeros((2, 4)))
