from __future__ import annotations

import numpy as np
import pytest

from siam.engine.projection import gallery_map
from siam.engine.projection.gallery_map import compute_map, follow_gallery, place_matches
from siam.engine.projection.map_file import FILE, load_map, save_map
from siam.errors import StoreError
from siam.index.gallery import Gallery

# What a file of a map holds.
WHOLE = {
    "encoder": np.array("e1"),
    "ids": np.array([1, 2]),
    "checksums": np.array([1, 2]),
    "places": np.zeros((2, 2), np.float32),
    "original": np.ones(2, bool),
    "computed": np.array(2),
}


def around(angles) -> np.ndarray:
    """Unit vectors at angles (in degrees) within a plane of three dimensions."""
    turns = np.radians(np.asarray(angles, float))
    return np.stack([np.cos(turns), np.sin(turns), np.zeros(len(turns))], axis=1)


@pytest.fixture
def gallery(tmp_path):
    with Gallery.create(tmp_path / "index", dim=3, encoder_hash="e1") as gallery:
        angles = [*range(20), *range(90, 110)]  # two bows
        gallery.add(around(angles), keys=[f"{angle}.png" for angle in angles])
        yield gallery


def test_an_unchanged_gallery_keeps_its_map(gallery):
    known = compute_map(gallery)
    assert follow_gallery(known, gallery) is known
    assert known.ids.tolist() == list(range(1, 41))
    np.testing.assert_array_equal(known.places_of(np.array([3, 1])), known.places[[2, 0]])
    assert np.isnan(known.places_of(np.array([99, -1]))).all()


def test_new_items_stand_by_their_neighbours_and_the_others_stay(gallery):
    known = compute_map(gallery)
    gallery.add(around([95.5, 3.5]), keys=["x", "y"])
    followed = follow_gallery(known, gallery)
    assert followed.ids.tolist() == list(range(1, 43))
    np.testing.assert_array_equal(followed.places[:40], known.places)
    low, high = known.places[20:].min(axis=0), known.places[20:].max(axis=0)
    assert ((followed.places[40] >= low) & (followed.places[40] <= high)).all()
    low, high = known.places[:20].min(axis=0), known.places[:20].max(axis=0)
    assert ((followed.places[41] >= low) & (followed.places[41] <= high)).all()
    assert follow_gallery(followed, gallery) is followed


def test_an_item_that_has_another_vector_now_moves(gallery):
    known = compute_map(gallery)
    gallery.add(around([100.5]), keys=["0.png"])
    followed = follow_gallery(known, gallery)
    assert followed.ids.tolist() == known.ids.tolist()
    bow = known.places[20:]
    assert ((followed.places[0] >= bow.min(axis=0)) & (followed.places[0] <= bow.max(axis=0))).all()


def test_removed_items_go(gallery):
    known = compute_map(gallery)
    gallery.remove([1, 40])
    assert follow_gallery(known, gallery).ids.tolist() == list(range(2, 40))


def test_after_many_changes_little_by_little_it_is_to_be_computed_anew(gallery):
    """A fifth of 40 items: four that go and four that come may be followed, one more not."""
    known = compute_map(gallery)
    gallery.remove([1, 2, 3, 4])
    known = follow_gallery(known, gallery)
    gallery.add(around([91.5, 92.5, 93.5, 94.5]), keys=["a", "b", "c", "d"])
    known = follow_gallery(known, gallery)
    assert known is not None
    gallery.add(around([95.5]), keys=["e"])
    assert follow_gallery(known, gallery) is None


def test_what_is_too_much_to_lay_out_is_placed_by_neighbours(gallery, monkeypatch):
    monkeypatch.setattr(gallery_map, "MOST_LAID_OUT", 30)
    known = compute_map(gallery)
    assert known.places.shape == (40, 2)
    apart = np.abs(known.places[:20, None] - known.places[None, 20:]).max(axis=2)
    assert apart.min() > 0.3, "the bows stay apart"


def test_a_query_is_placed_among_its_neighbours(gallery):
    known = compute_map(gallery)
    found = place_matches(known, gallery.search(around([5.0, 104.2]), 5))
    np.testing.assert_allclose(found[0], known.places[5], atol=1e-6)
    assert np.abs(found[1] - known.places[34]).max() < 0.1


def test_the_file_gives_back_the_map_and_another_encoder_does_not_follow_it(gallery, tmp_path):
    known = compute_map(gallery)
    assert load_map(gallery.folder) is None
    save_map(gallery.folder, known)
    loaded = load_map(gallery.folder)
    assert follow_gallery(loaded, gallery) is loaded
    np.testing.assert_array_equal(loaded.places, known.places)
    with Gallery.create(tmp_path / "other", dim=3, encoder_hash="e2") as other:
        assert follow_gallery(loaded, other) is None


@pytest.mark.parametrize(
    "other",
    [
        {"ids": np.array([2, 1])},
        {"ids": np.array([1.0, 2.0])},
        {"checksums": np.array([1])},
        {"places": np.array([[0, 0], [0, np.nan]], np.float32)},
        {"places": np.array([[0, 0], [0, 1.5]], np.float32)},
        {"original": np.array([1, 1])},
        {"computed": np.array(1)},
        {"computed": np.array("2")},
        {"encoder": np.array(7)},
        {"encoder": np.array({"a": 1})},
        None,
    ],
    ids=lambda other: "-".join(other) if other else "bytes",
)
def test_a_damaged_file_is_refused_with_the_cure(tmp_path, other):
    np.savez(tmp_path / FILE, **WHOLE)
    assert load_map(tmp_path).ids.tolist() == [1, 2]
    np.savez(tmp_path / FILE, **{**WHOLE, **(other or {})})
    if other is None:
        (tmp_path / FILE).write_bytes((tmp_path / FILE).read_bytes()[:200])
    with pytest.raises(StoreError, match="map.npz is damaged") as caught:
        load_map(tmp_path)
    assert "Delete it" in caught.value.cure


def test_no_byte_of_the_file_makes_it_fail_otherwise(tmp_path):
    np.savez(tmp_path / FILE, **WHOLE)
    content = bytearray((tmp_path / FILE).read_bytes())
    random = np.random.default_rng(0)
    refused = 0
    for place in random.integers(0, len(content), 200):
        harmed = content.copy()
        harmed[place] ^= int(random.integers(1, 256))
        (tmp_path / FILE).write_bytes(harmed)
        try:
            load_map(tmp_path)
        except StoreError:
            refused += 1
    assert refused > 100  # the others are of what is not looked at, such as dates
