from pathlib import Path

import numpy as np
import pytest

from siam.index import snapshot
from siam.index.gallery import Gallery
from siam.web.store_build import build_beside


def test_a_reader_goes_on_with_what_another_process_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "LAG", 20)
    vectors = np.random.default_rng(0).normal(size=(330, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    folder = tmp_path / "index"
    with Gallery.create(folder, dim=8, encoder_hash="0" * 64) as gallery:
        gallery.add(vectors[:300], keys=[f"a{i}" for i in range(300)])
    with Gallery.open(folder) as gallery:
        assert gallery.snapshot().store.count() == 300
        added = gallery.add(vectors[300:], keys=[f"b{i}" for i in range(30)])
        assert gallery.snapshot().outgrown
        build_beside(folder)
        grown = gallery.snapshot()
        assert (grown.store.count(), grown.lag) == (330, 0)
        assert gallery.search(vectors[300:], 1).ids[:, 0].tolist() == list(added)


def test_a_missing_index_is_passed_over(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    build_beside(tmp_path / "nothing")
    assert capfd.readouterr() == ("", "")
