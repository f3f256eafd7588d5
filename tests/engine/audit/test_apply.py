"""Proposals are carried out on a copy: the original stays, nothing is written over."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from siam.engine.audit.apply import apply_fixes
from siam.engine.audit.findings import Finding, read_fixes, write_fixes
from siam.errors import DataError, UsageError

WriteFolder = Callable[..., Path]


def fixes(table: Path, **proposals: str) -> Path:
    """Write a table of proposals by path."""
    write_fixes(table, [Finding(path, "", "wrong label", "", p) for path, p in proposals.items()])
    return table


def files(folder: Path) -> set[str]:
    """Return the paths of the files below a folder."""
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_a_copy_follows_the_proposals(write_folder: WriteFolder, tmp_path: Path) -> None:
    pets = write_folder(count=3)
    before = files(pets)
    table = fixes(
        tmp_path / "fixes.csv",
        **{
            "cat/0.png": "label as dog",
            "cat/1.png": "leave out",
            "dog/2.png": "label as bird",
            "dog/1.png": "look",
        },
    )
    done = apply_fixes(table, tmp_path / "new", dataset=str(pets))
    assert files(pets) == before
    assert files(tmp_path / "new") == {
        *("cat/2.png", "dog/0.png", "dog/0-2.png", "dog/1.png", "bird/2.png")
    }
    assert (tmp_path / "new/dog/0-2.png").read_bytes() == (pets / "cat/0.png").read_bytes()
    assert (done.copied, done.relabelled, done.left_out) == (5, 2, 1)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".new")] == []


def test_splits_groups_and_zips(write_picture: Callable[..., Path], tmp_path: Path) -> None:
    archive = tmp_path / "set.zip"
    with zipfile.ZipFile(archive, "w") as target:
        for number, path in enumerate(
            f"{split}/{name}/{n}.png"
            for split in ("train", "test")
            for name in ("a", "b")
            for n in (1, 2)
        ):
            target.write(write_picture(tmp_path / "one.png", seed=number), path)
    table = fixes(tmp_path / "fixes.csv", **{"test/a/1.png": "label as b"})
    apply_fixes(table, tmp_path / "new", dataset=str(archive))
    assert "test/b/1-2.png" in files(tmp_path / "new") and len(files(tmp_path / "new")) == 8


def test_a_table_gets_new_labels(write_folder: WriteFolder, tmp_path: Path) -> None:
    pets = write_folder(count=2)
    rows = [f"{name}/{n}.png,{name}" for name in ("cat", "dog") for n in (0, 1)]
    (pets / "labels.csv").write_text("path,label\n" + "\n".join(rows) + "\n")
    table = fixes(tmp_path / "fixes.csv", **{"cat/0.png": "label as dog", "cat/1.png": "leave out"})
    apply_fixes(table, tmp_path / "new", dataset=str(pets / "labels.csv"))
    lines = (tmp_path / "new/labels.csv").read_text().splitlines()
    copied = ["cat/0.png", "dog/0.png", "dog/1.png"]
    assert sorted(lines[1:]) == [f"{path},dog,train" for path in copied]
    assert files(tmp_path / "new") == {"labels.csv", *copied}


def test_a_table_of_pictures_elsewhere_writes_inside(
    write_folder: WriteFolder, write_picture: Callable[..., Path], tmp_path: Path
) -> None:
    pets = write_folder(count=1)
    apart = write_picture(tmp_path / "apart" / "0.png", seed=77)
    rows = f"cat/0.png,cat\n../apart/0.png,cat\n{apart},dog\ndog/0.png,dog\n"
    (pets / "labels.csv").write_text(f"path,label\n{rows}")
    table = fixes(tmp_path / "fixes.csv", **{"cat/0.png": "look"})
    before = files(tmp_path)
    done = apply_fixes(table, tmp_path / "new", dataset=str(pets / "labels.csv"))
    assert done.copied == 4 and done.unreadable == ()
    assert {path for path in files(tmp_path) if not path.startswith("new/")} == before
    assert "apart/0.png" in files(tmp_path / "new")


def test_what_is_there_stays(write_folder: WriteFolder, tmp_path: Path) -> None:
    pets = write_folder(count=2)
    table = fixes(tmp_path / "fixes.csv", **{"cat/0.png": "label as dog"})
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    for place in (tmp_path / "full", pets / "new"):
        with pytest.raises(UsageError):
            apply_fixes(table, place, dataset=str(pets))
    with pytest.raises(UsageError, match="no folder"):
        apply_fixes(table, tmp_path / "new", dataset="digits")
    with pytest.raises(DataError, match="2 pictures that"):
        wrong = fixes(tmp_path / "wrong.csv", x="leave out", y="leave out")
        apply_fixes(wrong, tmp_path / "new", dataset=str(pets))
    assert not (tmp_path / "new").exists()


def test_formulas_survive(tmp_path: Path) -> None:
    table = fixes(tmp_path / "fixes.csv", **{"=1+1/a.png": "label as =2"})
    assert "'=1+1/a.png" in table.read_text()
    assert read_fixes(table) == {"=1+1/a.png": "=2"}


@pytest.mark.parametrize("text", ["", "path\n", "path,proposal\na,burn it\n", "path,proposal\na\n"])
def test_other_tables_are_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "fixes.csv").write_text(text)
    with pytest.raises(DataError):
        read_fixes(tmp_path / "fixes.csv")
