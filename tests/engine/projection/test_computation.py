from __future__ import annotations

import numpy as np
import pytest

from siam.engine.projection.computation import Computation, Failure
from siam.engine.projection.gallery_map import GalleryMap
from siam.index.gallery import Gallery

pytestmark = pytest.mark.slow  # a process of its own takes seconds to start


@pytest.fixture
def folder(tmp_path):
    random = np.random.default_rng(0)
    vectors = random.normal(size=(60, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    with Gallery.create(tmp_path / "index", dim=8, encoder_hash="e1") as gallery:
        gallery.add(vectors, keys=[str(number) for number in range(60)])
    return tmp_path / "index"


def test_a_process_of_its_own_tells_how_far_it_is_and_gives_the_map(folder):
    computation = Computation(folder)
    try:
        found = computation.wait()
    finally:
        computation.close()
    assert isinstance(found, GalleryMap)
    assert found.ids.tolist() == list(range(1, 61))
    assert computation.step == ("Placing pictures", 350, 350)


def test_an_index_that_cannot_be_read_is_told_with_its_cure(tmp_path):
    computation = Computation(tmp_path)
    found = computation.wait()
    assert isinstance(found, Failure)
    assert "no index" in found.problem and found.cure
    computation.close()


def test_one_that_is_ended_says_so_and_leaves_no_process(folder):
    computation = Computation(folder)
    computation.close()
    found = computation.wait()
    assert isinstance(found, Failure) and "ended early" in found.problem
