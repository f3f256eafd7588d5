"""What an audit reads: all that training would refuse or leave out, too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from siam.engine.audit.copies import find_copies
from siam.engine.audit.pictures import read_audited
from siam.errors import DataError


def test_copies_tiny_classes_and_damage_are_read(
    write_folder: Callable[..., Path], write_picture: Callable[..., Path]
) -> None:
    pets = write_folder(count=8)
    write_picture(pets / "bird" / "0.png", seed=900)
    (pets / "cat" / "copy.png").write_bytes((pets / "cat" / "3.png").read_bytes())
    (pets / "dog" / "same.png").write_bytes((pets / "cat" / "5.png").read_bytes())
    (pets / "dog" / "broken.png").write_text("no picture")
    found = read_audited(str(pets))
    assert found.classes == ("bird", "cat", "dog") and len(found) == 19
    assert set(found.splits) == {"train"}
    assert [skip.path for skip in found.skipped] == ["dog/broken.png"]
    assert found.frames.shape == (19, 32, 32) and found.pictures.dtype == np.uint8
    log_odds = np.zeros(19)
    log_odds[found.paths.index("cat/5.png")] = 9.0  # the label of this one is less believed
    copies = {one.path: one for one in find_copies(found, log_odds)}
    assert copies.keys() == {"cat/copy.png", "cat/5.png"}
    assert copies["cat/copy.png"].problem == "duplicate"
    assert copies["cat/5.png"].problem == "two labels"
    assert copies["cat/5.png"].beside == ("dog/same.png",)


def test_splits_are_those_of_the_files(write_picture: Callable[..., Path], tmp_path: Path) -> None:
    for number, path in enumerate(
        f"{s}/{c}/{n}.png" for s in ("train", "test") for c in "ab" for n in "12"
    ):
        write_picture(tmp_path / "set" / path, seed=number)
    leak = tmp_path / "set/test/a/leak.png"
    leak.write_bytes((tmp_path / "set/train/a/1.png").read_bytes())
    found = read_audited(str(tmp_path / "set"))
    [finding] = find_copies(found, np.zeros(len(found)))
    assert (finding.path, finding.problem) == ("test/a/leak.png", "leak")


def test_arrays_have_the_splits_that_they_name(data_dir: Path) -> None:
    digits = read_audited("digits")
    assert set(digits.splits) == {"train"} and len(digits) == 1797
    assert digits.paths[0].startswith("digits/")


def test_what_is_no_data_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        read_audited(str(tmp_path / "nowhere"))
