"""Many pairs: as one by one, each picture once, scored as counted by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import siam
from siam.engine.open_run import OpenRun, open_run
from siam.engine.verification.many import verify_pairs
from siam.engine.verification.pair import verify_pair
from siam.engine.verification.pair_sources import MOST_PAIRS, folder_pairs, table_pairs
from siam.errors import DataError, UsageError
from siam.runs.held_out import load_held_out


@pytest.fixture(scope="module")
def run(trained: Path) -> Iterator[OpenRun]:
    with open_run(str(trained)) as opened:
        yield opened


@pytest.fixture
def folders(trained: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Three test digits as PNG, and three others, two of them under the same names."""
    _, test = load_held_out(trained)
    for number, name in enumerate(
        ["l/a.png", "l/b.png", "l/c.png", "r/a.jpg", "r/b.png", "r/z.png"]
    ):
        place = tmp_path / name
        place.parent.mkdir(exist_ok=True)
        Image.fromarray(test.pictures[number, :, :, 0]).save(place)
    return tmp_path / "l", tmp_path / "r"


def test_every_pair_is_answered_as_alone(run: OpenRun, folders: tuple[Path, Path]) -> None:
    done = verify_pairs(run, folder_pairs(*folders))
    assert len(done.rows) == 9 and done.scores is None
    for row in done.rows:
        alone = verify_pair(run, (row.left, Path(row.left)), (row.right, Path(row.right)))
        assert (row.verdict, row.reason) == (alone.verdict, alone.reason)
        np.testing.assert_allclose(row.distance, alone.distance, atol=1e-5)


def test_pairs_of_folders(folders: tuple[Path, Path]) -> None:
    left, right = folders
    by_name = folder_pairs(left, right, by_name=True)
    names = [name for name, _ in by_name.pictures]
    told = [(names[a], names[b]) for a, b in zip(by_name.left, by_name.right, strict=True)]
    assert told == [(f"{left}/a.png", f"{right}/a.jpg"), (f"{left}/b.png", f"{right}/b.png")]
    within = folder_pairs(left, left)
    assert list(zip(within.left, within.right, strict=True)) == [(0, 1), (0, 2), (1, 2)]
    (right / "a.jpg").unlink()
    (right / "b.png").unlink()
    with pytest.raises(DataError, match="No picture has the same name"):
        folder_pairs(left, right, by_name=True)
    with pytest.raises(DataError, match="one picture alone"):
        folder_pairs(right, right)


def test_too_many_pairs_are_refused(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST_PAIRS == 1_000_000
    monkeypatch.setattr("siam.engine.verification.pair_sources.MOST_PAIRS", 8)
    with pytest.raises(UsageError, match="9 pairs, 8 at most"):
        folder_pairs(*folders)


def test_a_table_with_the_truth_is_scored(run: OpenRun, folders: tuple[Path, Path]) -> None:
    left, _ = folders
    table = left.parent / "pairs.csv"
    (left / "copy.png").write_bytes((left / "a.png").read_bytes())
    rows = [
        "l/a.png,l/copy.png,1",
        "l\\a.png,l/a.png,same",
        "l/a.png,l/b.png,0",
        "l/b.png,l/c.png,",
    ]
    table.write_text("\n".join(["Left,right,same", *rows]))
    done = verify_pairs(run, table_pairs(table))
    assert [row.same for row in done.rows] == [True, True, False, None]
    assert done.scores is not None and done.scores.count == 3
    # The copies lie at 0, the others do not.
    assert done.scores.figures["auc"][0] == 1.0 and done.scores.figures["eer"][0] == 0.0
    assert done.to_dict()["figures"]["auc"] == 1.0


def test_the_same_from_python(run: OpenRun, folders: tuple[Path, Path]) -> None:
    left, right = folders
    table = left.parent / "pairs.csv"
    table.write_text("left,right,same\nl/a.png,r/a.jpg,1\n")
    with siam.open(str(run.path)) as opened:
        assert opened.verify_pairs(left, right) == verify_pairs(run, folder_pairs(left, right))
        named = opened.verify_pairs(left, right, by_name=True, threshold=0.8)
        assert (named.threshold, len(named.rows)) == (0.8, 2)
        assert [row.same for row in opened.verify_pairs(table).rows] == [True]


def test_what_cannot_be_read_is_passed_over(run: OpenRun, folders: tuple[Path, Path]) -> None:
    left, right = folders
    (left / "b.png").write_bytes(b"no picture")
    done = verify_pairs(run, folder_pairs(left, right))
    assert len(done.rows) == 6
    assert [Path(skip.path).name for skip in done.skipped] == ["b.png"]
    for path in right.iterdir():
        path.write_bytes(b"no picture")
    with pytest.raises(DataError, match="No pair can be read"):
        verify_pairs(run, folder_pairs(left, right))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("path,label\na,b\n", "which of its columns are left and right"),
        ("left,right\na\n", "Line 2"),
        ("left,right,same\na,b,perhaps\n", "Line 2"),
        ("left,right\n", "names no pair"),
        ("", "which of its columns"),
    ],
)
def test_tables_that_are_refused(tmp_path: Path, text: str, words: str) -> None:
    table = tmp_path / "pairs.csv"
    table.write_text(text)
    with pytest.raises(DataError, match=words):
        table_pairs(table)
