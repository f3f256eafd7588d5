"""Sorting: what goes where, nothing written over, going on after a kill, taking it back."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from siam.engine.open_run import OpenRun, open_run
from siam.engine.query import QueryOptions, query_pictures
from siam.engine.sorting import sort as sorting
from siam.engine.sorting.sort import Sorting, SortOptions, sort_pictures
from siam.engine.sorting.sort_table import Row, hold, read_rows, write_rows
from siam.engine.sorting.undo import undo_sort
from siam.errors import DataError, UsageError
from siam.runs.held_out import load_held_out

COUNT = 12


@pytest.fixture(scope="module")
def run(trained: Path) -> Iterator[OpenRun]:
    with open_run(str(trained)) as opened:
        yield opened


@pytest.fixture
def photos(trained: Path, tmp_path: Path) -> Path:
    """Digits in two sub-folders under the same names, a blank and a broken picture."""
    _, test = load_held_out(trained)
    folder = tmp_path / "photos"
    for number in range(COUNT):
        place = folder / f"roll{number % 2}" / f"{number // 2}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(test.pictures[number, :, :, 0]).save(place)
    Image.new("L", (60, 60), 250).save(folder / "blank.png")
    (folder / "broken.png").write_bytes(b"no picture")
    return folder


def files(folder: Path) -> dict[str, bytes]:
    """Return the content of every file, by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def pictures(folder: Path) -> dict[str, bytes]:
    return {name: content for name, content in files(folder).items() if name.endswith(".png")}


def sort(run: OpenRun, photos: Path, to: Path, **more: bool) -> Sorting:
    return sort_pictures(run, photos, to, options=SortOptions(**more))


def test_every_picture_is_copied_where_its_answer_says(
    run: OpenRun, photos: Path, tmp_path: Path
) -> None:
    before, to = files(photos), tmp_path / "sorted"
    done = sort(run, photos, to)
    assert files(photos) == before
    answers = query_pictures(run, [(str(path), path) for path in sorted(photos.rglob("*.png"))])
    rows = {row["path"]: row for row in csv.DictReader((to / "sorted.csv").open())}
    for answer in answers:
        row = rows.pop(answer.input)
        if answer.input.endswith("broken.png"):
            assert (row["to"], row["how"]) == ("", "unreadable") and "broken.png" in row["reason"]
            continue
        folder = {"match": answer.label}.get(answer.verdict, answer.verdict)  # type: ignore[union-attr]
        assert row["to"].startswith(f"./{folder}/")
        assert (to / row["to"]).read_bytes() == Path(answer.input).read_bytes()
        assert (to / row["to"]).stat().st_mtime_ns == Path(answer.input).stat().st_mtime_ns
        assert row["reason"] == answer.reason  # type: ignore[union-attr]
    assert not rows
    assert sum(done.counts.values()) == len(pictures(to)) == COUNT + 1
    assert (to / "no match" / "blank.png").exists()
    assert [Path(skip.path).name for skip in done.skipped] == ["broken.png"]


def test_a_stricter_limit_sends_all_to_no_match(run: OpenRun, photos: Path, tmp_path: Path) -> None:
    options = SortOptions(query=QueryOptions(threshold=0.0))
    assert set(sort_pictures(run, photos, tmp_path / "sorted", options=options).counts) == {
        "no match"
    }


def test_nothing_is_written_over(run: OpenRun, photos: Path, tmp_path: Path) -> None:
    to = tmp_path / "sorted"
    sort(run, photos, to)
    first = min((to).rglob("0.png"))
    other = tmp_path / "other"
    (other / first.parent.name).mkdir(parents=True)
    (other / first.parent.name / "0.PNG").write_bytes(b"mine")
    sort(run, photos, other)
    assert (other / first.parent.name / "0.PNG").read_bytes() == b"mine"
    assert sorted(pictures(to).values()) == sorted(pictures(other).values())


def test_run_again_it_goes_on_where_it_was_killed(
    run: OpenRun, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    sort(run, photos, whole)
    monkeypatch.setattr(sorting, "PORTION", 4)
    real, left = sorting.copy_file, iter(range(6))

    def dies(source: Path, target: Path) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(sorting, "copy_file", dies)
        with pytest.raises(KeyboardInterrupt):
            sort(run, photos, cut)
    table = cut / "sorted.csv"
    table.write_bytes(table.read_bytes()[:-5])  # the last row, cut off while it was written
    assert len(pictures(cut)) == 6
    begun = cut / "no match" / "blank.png"
    begun.write_bytes(begun.read_bytes()[:40])  # a copy that was killed in its midst
    done = sort(run, photos, cut)
    assert pictures(cut) == pictures(whole)
    assert done.earlier == 6 and sum(done.counts.values()) == COUNT + 1
    again = sort(run, photos, cut)
    assert again.earlier == COUNT + 1 and pictures(cut) == pictures(whole)


@pytest.mark.parametrize("move", [False, True])
def test_undo_brings_back_what_was(run: OpenRun, photos: Path, tmp_path: Path, move: bool) -> None:
    before, to = files(photos), tmp_path / "sorted"
    sort(run, photos, to, move=move)
    assert (files(photos) == before) is not move
    assert set(files(photos)) == ({"broken.png"} if move else set(before))
    done = undo_sort(to / "sorted.csv")
    assert (done.moved_back, done.removed) == ((COUNT + 1, 0) if move else (0, COUNT + 1))
    assert files(photos) == before
    assert not to.exists()


def test_undo_keeps_what_was_changed_since(run: OpenRun, photos: Path, tmp_path: Path) -> None:
    to = tmp_path / "sorted"
    sort(run, photos, to)
    changed, orphan = sorted(pictures(to))[:2]
    (to / changed).write_bytes(b"drawn on")
    originals = {content: name for name, content in pictures(photos).items()}
    (photos / originals[(to / orphan).read_bytes()]).unlink()
    (to / "notes.txt").write_text("mine")
    done = undo_sort(to / "sorted.csv")
    assert {skip.path for skip in done.kept} == {changed, orphan}
    assert set(files(to)) == {changed, orphan, "notes.txt", "sorted.csv"}


def test_undo_removes_no_copy_that_the_original_is_a_link_to(
    run: OpenRun, photos: Path, tmp_path: Path
) -> None:
    to = tmp_path / "sorted"
    sort(run, photos, to)
    copy = to / "no match" / "blank.png"
    (photos / "blank.png").unlink()
    (photos / "blank.png").symlink_to(copy)
    assert [skip.path for skip in undo_sort(to / "sorted.csv").kept] == ["no match/blank.png"]
    assert copy.exists()


def test_a_row_cut_off_within_a_name_of_two_lines_is_left_out(tmp_path: Path) -> None:
    table = tmp_path / "sorted.csv"
    row = Row("/a\nb.png", "1/a\nb.png", "match", "1", "1.0", "near", "copied")
    write_rows(table, [row, row])
    table.write_bytes(table.read_bytes()[: -len('b.png",match,1,1.0,near,copied\n')])
    assert read_rows(table) == [row]


@pytest.mark.parametrize("begun", ["", "path,to,ver"])
def test_a_table_cut_off_within_its_heading_is_an_empty_one(tmp_path: Path, begun: str) -> None:
    (tmp_path / "sorted.csv").write_text(begun)
    assert read_rows(tmp_path / "sorted.csv") == []


def test_undo_moves_nothing_onto_a_file(run: OpenRun, photos: Path, tmp_path: Path) -> None:
    to = tmp_path / "sorted"
    sort(run, photos, to, move=True)
    (photos / "blank.png").write_bytes(b"new")
    done = undo_sort(to / "sorted.csv")
    assert [skip.path for skip in done.kept] == ["no match/blank.png"]
    assert (photos / "blank.png").read_bytes() == b"new"
    assert (to / "no match" / "blank.png").exists()


def test_a_dry_run_writes_nothing(run: OpenRun, photos: Path, tmp_path: Path) -> None:
    done = sort(run, photos, tmp_path / "sorted", dry_run=True)
    assert not (tmp_path / "sorted").exists() and not done.written
    assert done.counts == sort(run, photos, tmp_path / "sorted").counts


def test_a_folder_within_is_not_sorted_again(run: OpenRun, photos: Path) -> None:
    first = sort(run, photos, photos / "sorted")
    again = sort(run, photos, photos / "sorted")
    assert again.counts == first.counts and again.earlier == COUNT + 1


def test_links_are_copied_and_stay(run: OpenRun, photos: Path, tmp_path: Path) -> None:
    (photos / "blank.png").rename(tmp_path / "elsewhere.png")
    (photos / "link.png").symlink_to(tmp_path / "elsewhere.png")
    sort(run, photos, tmp_path / "sorted", move=True)
    assert (photos / "link.png").is_symlink()
    assert not (tmp_path / "sorted" / "no match" / "link.png").is_symlink()


def test_names_of_any_bytes(run: OpenRun, photos: Path, tmp_path: Path) -> None:
    before = files(photos)
    name = os.fsdecode(b"=caf\xe9\r\n.png")
    (photos / "blank.png").rename(photos / name)
    done = sort(run, photos, tmp_path / "sorted", move=True)
    assert (tmp_path / "sorted" / "no match" / name).exists()
    (tmp_path / "sorted" / "sorted.csv").read_text("utf-8")
    undo_sort(done.table)
    assert (photos / name).read_bytes() == before["blank.png"]


def test_what_is_refused(run: OpenRun, photos: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be sorted into itself"):
        sort(run, photos, photos)
    with pytest.raises(UsageError, match="lies in the run"):
        sort(run, photos, run.path / "sorted")
    with pytest.raises(DataError, match="is not a folder"):
        sort(run, photos / "blank.png", tmp_path / "sorted")
    to = tmp_path / "sorted"
    done = sort(run, photos, to)
    with hold(to):
        with pytest.raises(UsageError, match="is being sorted into now"):
            sort(run, photos, to)
        with pytest.raises(UsageError, match="is being sorted into now"):
            undo_sort(done.table)
    done.table.unlink()
    os.mkfifo(done.table)
    with pytest.raises(DataError, match="no such table"):
        sort(run, photos, to)


@pytest.mark.parametrize(
    "row",
    [
        "/a.png,../../b.png,match,1,1.0,near,moved",
        "/a.png,./../b.png,match,1,1.0,near,moved",
        "a.png,./1/b.png,match,1,1.0,near,moved",
        "/a.png,./1/b.png,match,1,1.0,near,burnt",
        "/a.png,./1/b.png",
    ],
)
def test_a_table_that_names_other_places_is_refused(tmp_path: Path, row: str) -> None:
    table = tmp_path / "sorted.csv"
    table.write_text(f"path,to,verdict,label,probability,reason,how\n{row}\n")
    with pytest.raises(DataError, match="Line 2"):
        undo_sort(table)
    table.write_text("key,label\n")
    with pytest.raises(DataError, match="not a table that"):
        undo_sort(table)
    table.unlink()
    with pytest.raises(DataError, match="no such table"):
        undo_sort(table)
