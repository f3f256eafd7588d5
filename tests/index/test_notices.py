"""What is amiss with an index that answers all the same is said, with its cure."""

from __future__ import annotations

import shutil
from typing import Any

import numpy as np

from siam.index.gallery import Gallery
from siam.index.notices import found_amiss
from siam.index.stores.faiss_files import folders


def test_nothing_is_said_of_a_sound_index(gallery: Gallery) -> None:
    gallery.build()
    assert found_amiss(gallery) == ()


def test_a_small_lag_is_not_worth_a_word(gallery: Gallery, clustered: Any) -> None:
    gallery.build()
    gallery.add(clustered(5), keys=list("abcde"))
    assert found_amiss(gallery) == ()


def test_a_missing_or_damaged_accelerator_is_told_with_its_cure(
    gallery: Gallery, vectors: np.ndarray
) -> None:
    gallery.build()
    gallery.close()
    (folder,) = folders(gallery.folder)
    (folder / "vectors.npy").write_bytes(b"nothing")
    with Gallery.open(gallery.folder, read_only=True) as reader:
        assert reader.search(vectors[:1], 1).ids[0, 0] == 1
        (said,) = found_amiss(reader)
    assert said.startswith("The accelerator is damaged") and "siam index verify --repair" in said
    shutil.rmtree(folder)
    with Gallery.open(gallery.folder, read_only=True) as reader:
        assert found_amiss(reader)[0].startswith("The accelerator is missing")


def test_an_empty_index_lacks_nothing(tmp_path: Any) -> None:
    with Gallery.create(tmp_path / "index", dim=4, encoder_hash="") as gallery:
        assert found_amiss(gallery) == ()
