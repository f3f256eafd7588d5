"""Labels given to a folder's pictures: kept at once, taken back, beside a second writer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import siam
from siam.engine.index.sync import open_to_index
from siam.engine.labelling.session import Labelling
from siam.engine.open_run import OpenRun
from siam.errors import DataError, UsageError
from siam.runs.held_out import load_held_out


@pytest.fixture
def scans(run_copy: Path, tmp_path: Path) -> Path:
    """Eight test digits as files, two of them the same."""
    _, test = load_held_out(run_copy)
    (tmp_path / "scans").mkdir()
    for place, row in enumerate([0, 40, 80, 120, 160, 200, 240, 0]):
        picture = test.pictures[row, :, :, 0]
        Image.fromarray(picture).save(tmp_path / "scans" / f"{place}.png")
    return tmp_path / "scans"


@pytest.fixture
def run(run_copy: Path) -> Iterator[OpenRun]:
    with open_to_index(str(run_copy)) as opened:
        yield opened


def labels_in(run: OpenRun, folder: Path) -> dict[str, str | None]:
    ids = run.gallery.select()
    return {
        Path(item.origin).name: item.label
        for item in run.gallery.items(ids)
        if item.origin.startswith(str(folder))
    }


def test_each_label_is_kept_at_once_and_doubles_come_last(run: OpenRun, scans: Path) -> None:
    session = Labelling(run, scans)
    asked = []
    for left in range(8, 0, -1):
        question = session.question()
        assert question is not None and question.left == left
        asked.append(question.path.name)
        session.label(f"new {question.path.stem}")
        with siam.open(str(run.path)) as other:  # as another process sees it
            assert other.query(question.path).label == f"new {question.path.stem}" or left < 8
    assert session.question() is None
    assert sorted(asked) == [f"{n}.png" for n in range(8)]
    assert {"0.png", "7.png"} & set(asked[-1:])
    assert labels_in(run, scans) == {f"{n}.png": f"new {n}" for n in range(8)}
    assert Labelling(run, scans).question() is None  # nothing is left to do


def test_undo_brings_the_index_and_the_question_back(run: OpenRun, scans: Path) -> None:
    session = Labelling(run, scans)
    with pytest.raises(UsageError, match="nothing to undo"):
        session.undo()
    before = len(run.gallery)
    first = session.question()
    assert first is not None
    session.label("cat")
    session.skip()
    assert session.undo() == ""
    assert session.undo() == "cat"
    assert len(run.gallery) == before and labels_in(run, scans) == {}
    assert session.question() == first


def test_undo_gives_a_picture_back_what_the_index_said_of_it(run: OpenRun, scans: Path) -> None:
    siam.open(str(run.path)).index.add(scans / "1.png", meta={"year": 1998})  # without a label
    session = Labelling(run, scans)
    while (question := session.question()) and question.path.name != "1.png":
        session.skip()
    session.label("cat")
    assert labels_in(run, scans) == {"1.png": "cat"}
    session.undo()
    assert labels_in(run, scans) == {"1.png": None}
    [item] = run.gallery.items(run.gallery.select("year=1998"))
    assert item.origin.endswith("1.png")


def test_what_another_process_has_changed_since_is_left_to_it(run: OpenRun, scans: Path) -> None:
    session = Labelling(run, scans)
    question = session.question()
    assert question is not None
    session.label("cat")
    siam.open(str(run.path)).index.add(question.path, label="dog")
    with pytest.raises(UsageError, match="labelled dog by somebody else"):
        session.undo()
    assert labels_in(run, scans) == {question.path.name: "dog"}
    siam.open(str(run.path)).index.remove(label="dog")
    session.undo()
    assert session.question() is not None


def test_a_label_is_a_word_and_a_picture_is_there(run: OpenRun, scans: Path) -> None:
    session = Labelling(run, scans)
    question = session.question()
    assert question is not None
    with pytest.raises(UsageError, match="a word or more"):
        session.label("  ")
    assert session.question() == question
    question.path.unlink()
    with pytest.raises(DataError):
        session.label("cat")
    after = session.question()
    assert after is not None and after.path != question.path and after.left == 7
    assert len(session.skipped) == 1 and not session.steps


def test_labels_change_what_is_said_of_the_others(run: OpenRun, scans: Path) -> None:
    session = Labelling(run, scans)
    said = {answer.input: answer.label for answer in session.answers}
    while (question := session.question()) and question.path.name not in {"0.png", "7.png"}:
        session.skip()
    session.label("nought")
    [twin] = [
        a
        for a in session.answers
        if Path(a.input).name in {"0.png", "7.png"} - {question.path.name}
    ]
    again = Labelling(run, scans)
    fresh = {answer.input: answer for answer in again.answers}
    assert twin.probability == pytest.approx(fresh[twin.input].probability, abs=0.2)
    assert said  # and of all others what it was


def test_the_queue_from_python(run_copy: Path, scans: Path) -> None:
    (scans / "broken.png").write_text("no picture")
    with siam.open("digits") as run:
        wanted = run.to_label(scans, count=7)
    assert len(wanted) == 7
    assert {"0.png", "7.png"} - {Path(one.input).name for one in wanted}
    assert all(isinstance(one.embedding, np.ndarray) for one in wanted)
