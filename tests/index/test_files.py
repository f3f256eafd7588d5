"""What the index knows of picture files, on whatever system their paths were written."""

from __future__ import annotations

from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

import numpy as np
import pytest

from siam.engine.index.changes import Candidate
from siam.index.files import known_files
from siam.index.gallery import Gallery

PATHS = [
    PurePosixPath("/photos/cats/a.png"),
    PurePosixPath("/photos-of-mine/b.png"),
    PureWindowsPath(r"C:\photos\cats\c.png"),
    PureWindowsPath(r"C:\photos.png"),
    PureWindowsPath(r"\\server\share\d.png"),
]


@pytest.mark.parametrize(
    ("folder", "names"),
    [
        (None, ["/photos-of-mine/b.png", "/photos/cats/a.png", "//server/share/d.png"]),
        (PurePosixPath("/photos"), ["/photos/cats/a.png"]),
        (PureWindowsPath(r"C:\photos"), ["C:/photos/cats/c.png"]),
        (PureWindowsPath("C:\\"), ["C:/photos.png", "C:/photos/cats/c.png"]),
    ],
    ids=["all", "posix", "windows", "drive"],
)
def test_files_are_known_by_their_folder(
    tmp_path: Path, folder: PurePath | None, names: list[str]
) -> None:
    origins = [Candidate(path, None, "").origin for path in PATHS]  # type: ignore[arg-type]
    with Gallery.create(tmp_path / "index", dim=5, encoder_hash="e" * 64) as gallery:
        gallery.add(np.eye(5), keys=[*"abcde"], origins=origins)
        gallery.add(np.eye(5)[:1], keys=["mnist/train/7"], origins=["mnist/train/7"])
        if folder is None:
            names = [*names, "C:/photos.png", "C:/photos/cats/c.png"]
        assert sorted(known_files(gallery, folder)) == sorted(names)
