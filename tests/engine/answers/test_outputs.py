"""Nothing is written over what a command reads, nor into a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from siam.engine.answers.answer import Answer, Neighbour
from siam.engine.answers.outputs import check_output
from siam.engine.answers.result_files import as_csv
from siam.errors import UsageError


def test_a_picture_that_is_read_is_not_written_over(tmp_path: Path) -> None:
    picture = tmp_path / "photos" / "a.png"
    picture.parent.mkdir()
    picture.write_text("a picture")
    (tmp_path / "link.png").symlink_to(picture)
    for target in (picture, tmp_path / "photos" / ".." / "photos" / "a.png", tmp_path / "link.png"):
        for source in (picture, picture.parent):
            with pytest.raises(UsageError, match="is among the pictures that are read"):
                check_output(target, inputs=[str(source)])
    check_output(picture.parent / "sheet.png", inputs=[str(picture), str(picture.parent)])


def test_nothing_is_written_into_a_run(tmp_path: Path) -> None:
    run = tmp_path / "digits-1"
    (run / "index").mkdir(parents=True)
    for name in ("manifest.json", "config.toml"):
        (run / name).write_text("")
    for target in (run / "held_out.npz", run / "index" / "new.npz"):
        with pytest.raises(UsageError, match="lies in the run"):
            check_output(target)
    check_output(tmp_path / "out.npz")


def test_no_cell_of_a_table_is_a_formula() -> None:
    near = Neighbour(1, "=1+1", 0.5, "@key", "origin")
    text = as_csv([Answer("-a.png", "match", "+cat", 0.9, "near", (near,))])
    assert text.splitlines()[1] == "'-a.png,match,'+cat,0.900000,1,1,'=1+1,0.500000,'@key,"
