"""An indexed picture knows the file it came from, so that syncing its folder finds it again."""

from __future__ import annotations

from pathlib import Path

from siam.engine.index.training_set import origins_of


def test_a_picture_in_a_folder_has_its_file_as_origin(tmp_path: Path) -> None:
    picture = tmp_path / "shapes" / "cross" / "1.png"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"")
    assert origins_of(str(tmp_path / "shapes"), ["shapes/cross/1.png"]) == [str(picture)]


def test_a_picture_without_a_file_has_its_key(tmp_path: Path) -> None:
    assert origins_of(str(tmp_path / "mnist"), ["mnist/train/7"]) == ["mnist/train/7"]
    assert origins_of("scikit-learn", ["digits/7"]) == ["digits/7"]
