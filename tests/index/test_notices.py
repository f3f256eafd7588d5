"""What is amiss with an index that answers all the same is said, with its cure."""

from __future__ import annotations

import json
import shutil
from typing import Any

import numpy as np

from siam.index.gallery import Gallery
from siam.index.stores.faiss_files import folders
from siam.index.summary import collect_notices
from siam.index.verify import verify


def test_nothing_is_said_of_a_sound_index(gallery: Gallery) -> None:
    gallery.build()
    assert collect_notices(gallery) == ()


def test_a_small_lag_is_not_worth_a_word(gallery: Gallery, clustered: Any) -> None:
    gallery.build()
    gallery.add(clustered(5), keys=list("abcde"))
    assert collect_notices(gallery) == ()


def test_a_missing_or_damaged_accelerator_is_told_with_its_cure(
    gallery: Gallery, vectors: np.ndarray
) -> None:
    gallery.build()
    gallery.close()
    (folder,) = folders(gallery.folder)
    (folder / "vectors.npy").write_bytes(b"nothing")
    with Gallery.open(gallery.folder, read_only=True) as reader:
        assert reader.search(vectors[:1], 1).ids[0, 0] == 1
        (said,) = collect_notices(reader)
    assert said.startswith("The accelerator is damaged") and "siam index verify --repair" in said
    shutil.rmtree(folder)
    with Gallery.open(gallery.folder, read_only=True) as reader:
        assert collect_notices(reader)[0].startswith("The accelerator is missing")


def test_a_damaged_accelerator_is_no_sound_index(gallery: Gallery) -> None:
    gallery.build()
    gallery.close()
    (folder,) = folders(gallery.folder)
    (folder / "ids.npy").write_bytes(b"nothing")
    with Gallery.open(gallery.folder, read_only=True) as reader:
        assert not verify(reader).clean
    with Gallery.open(gallery.folder) as again:
        assert verify(again, repair=True).clean
        assert verify(again).problems == ()


def test_an_accelerator_of_an_older_siam_is_no_damage_and_made_anew(
    gallery: Gallery, vectors: np.ndarray
) -> None:
    gallery.build()
    gallery.close()
    (folder,) = folders(gallery.folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["exact.faiss"] = manifest["files"].pop("vectors.npy")
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "vectors.npy").rename(folder / "exact.faiss")
    with Gallery.open(gallery.folder, read_only=True) as reader:
        assert reader.search(vectors[:1], 1).ids[0, 0] == 1
        (said,) = collect_notices(reader)
        assert said.startswith("The accelerator is of an older siam")
        assert verify(reader).clean
    with Gallery.open(gallery.folder) as again:
        again.remove([5])
    with Gallery.open(gallery.folder, read_only=True) as reader:
        assert collect_notices(reader) == ()


def test_an_empty_index_lacks_nothing(tmp_path: Any) -> None:
    with Gallery.create(tmp_path / "index", dim=4, encoder_hash="") as gallery:
        assert collect_notices(gallery) == ()
