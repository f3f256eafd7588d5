"""Several marks on a page, arrays, indexed pictures, result files, sheets."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from siam.engine.answers.answer import Unreadable
from siam.engine.answers.contact_sheet import contact_sheet, steps_of_all, write_picture
from siam.engine.answers.decision import measure_unlikeness
from siam.engine.answers.page import query_marks
from siam.engine.answers.result_files import write_answers
from siam.engine.open_run import OpenRun, open_run
from siam.engine.query import (
    QueryOptions,
    query_arrays,
    query_indexed,
    query_pictures,
)
from siam.engine.reading import PictureOptions
from siam.errors import DataError, UsageError
from siam.evaluation.appearance import Appearance
from siam.pictures.appearance import describe_pictures
from siam.runs.held_out import load_held_out


@pytest.fixture(scope="module")
def run(trained: Path) -> OpenRun:
    """The trained run, opened."""
    return open_run(str(trained))


@pytest.fixture(scope="module")
def page(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Three test digits side by side, dark on light, and their labels."""
    _, test = load_held_out(trained)
    sheet = np.full((120, 360), 235, np.uint8)
    labels = []
    for place in range(3):
        digit = Image.fromarray(test.pictures[place, :, :, 0]).resize((84, 84))
        left = 20 + place * 115
        sheet[18:102, left : left + 84] = 235 - (np.asarray(digit) * (220 / 255)).astype(np.uint8)
        labels.append(str(test.labels[place]))
    path = tmp_path_factory.mktemp("page") / "page.png"
    Image.fromarray(sheet).save(path)
    return path, labels


def test_each_mark_is_answered_from_left_to_right(
    run: OpenRun, page: tuple[Path, list[str]]
) -> None:
    path, labels = page
    found = query_marks(run, (str(path), path), options=QueryOptions())
    assert [answer.input for answer in found.answers] == [f"{path}#{i}" for i in (1, 2, 3)]
    assert [answer.label for answer in found.answers] == labels
    lefts = [answer.prepared.choices["box"][0] for answer in found.answers if answer.prepared]
    assert lefts == sorted(lefts)
    assert found.drawing is not None
    assert found.drawing.size == (360, 120)


def test_marks_on_several_lines_are_answered_line_by_line(
    run: OpenRun, page: tuple[Path, list[str]], tmp_path: Path
) -> None:
    path, labels = page
    line = np.asarray(Image.open(path))
    Image.fromarray(np.vstack([line, line, line])).save(tmp_path / "page.png")
    found = query_marks(run, ("page", tmp_path / "page.png"), options=QueryOptions())
    assert [answer.label for answer in found.answers] == labels * 3


def test_one_answer_for_several_marks_is_never_a_sure_one(
    run: OpenRun, page: tuple[Path, list[str]]
) -> None:
    path, _ = page
    (answer,) = query_pictures(run, [("page", path)], options=QueryOptions())
    assert answer.prepared is not None
    assert "more than one digit found: 3 separate marks" in answer.prepared.notes
    assert answer.verdict == "unsure"
    assert answer.reason == "more than one digit found: 3 separate marks"
    alone = PictureOptions(box=(0, 0, 125, 120))
    (answer,) = query_pictures(run, [("page", path)], options=QueryOptions(), picture=alone)
    assert answer.prepared is not None
    assert not answer.prepared.doubtful


def test_a_blank_picture_has_no_label(run: OpenRun, tmp_path: Path) -> None:
    Image.new("L", (100, 100), 240).save(tmp_path / "blank.png")
    [answer] = query_pictures(run, [("blank", tmp_path / "blank.png")])
    assert (answer.verdict, answer.label, answer.probability) == ("no match", None, 0.0)
    assert answer.prepared is not None
    assert answer.prepared.notes == ("the picture is blank",)
    assert answer.reason == "the picture is blank"


def test_a_blank_page_has_no_mark(run: OpenRun, tmp_path: Path) -> None:
    Image.new("L", (100, 100), 240).save(tmp_path / "blank.png")
    found = query_marks(run, ("blank", tmp_path / "blank.png"), options=QueryOptions())
    assert [answer.error for answer in found.answers] == ["blank: no mark of ink was found."]
    assert found.drawing is None


def test_arrays_are_answered_like_the_pictures_they_hold(
    run: OpenRun, trained: Path, tmp_path: Path
) -> None:
    _, test = load_held_out(trained)
    np.savez(tmp_path / "x.npz", x=test.pictures[:4])
    for i in range(4):
        Image.fromarray(test.pictures[i, :, :, 0]).save(tmp_path / f"{i}.png")
    by_array = list(query_arrays(run, tmp_path / "x.npz"))
    by_file = list(query_pictures(run, [(str(i), tmp_path / f"{i}.png") for i in range(4)]))
    assert [a.neighbours for a in by_array] == [a.neighbours for a in by_file]
    assert by_array[2].input == f"{tmp_path / 'x.npz'}#2"


def test_arrays_of_another_size_are_refused(run: OpenRun, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.zeros((2, 30, 30), np.uint8))
    with pytest.raises(DataError, match="received uint8 of shape"):
        list(query_arrays(run, tmp_path / "x.npz"))


def test_an_indexed_picture_is_not_its_own_neighbour(run: OpenRun) -> None:
    first = int(run.gallery.select()[0])
    (answer,) = query_indexed(run, [first], options=QueryOptions(k=5))
    assert first not in [near.id for near in answer.neighbours]
    assert len(answer.neighbours) == 5
    with pytest.raises(UsageError, match="999999"):
        list(query_indexed(run, [999999]))


def test_within_shows_only_near_neighbours_and_decides_alike(run: OpenRun) -> None:
    first = int(run.gallery.select()[0])
    (wide,) = query_indexed(run, [first])
    limit = wide.neighbours[3].distance
    (near,) = query_indexed(run, [first], options=QueryOptions(within=limit))
    assert near.neighbours == wide.neighbours[:4]
    assert (near.verdict, near.label) == (wide.verdict, wide.label)


def test_answers_written_and_read_back(run: OpenRun, tmp_path: Path) -> None:
    answers = [*query_indexed(run, run.gallery.select()[:2].tolist()), Unreadable("bad", "no")]
    write_answers(tmp_path / "a.jsonl", answers)
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert lines == [answer.to_dict() for answer in answers]
    write_answers(tmp_path / "a.csv", answers)
    with (tmp_path / "a.csv").open(newline="") as source:
        rows = list(csv.DictReader(source))
    assert len(rows) == 21
    assert rows[0]["neighbour_id"] == str(answers[0].neighbours[0].id)
    assert rows[-1]["error"] == "no" and rows[-1]["verdict"] == ""
    with pytest.raises(UsageError, match=r"\.jsonl or \.csv"):
        write_answers(tmp_path / "a.txt", answers)


def test_sheets(run: OpenRun, page: tuple[Path, list[str]], tmp_path: Path) -> None:
    answers = list(query_pictures(run, [("page", page[0])]))
    write_picture(tmp_path / "sheet.png", contact_sheet(run, answers))
    write_picture(tmp_path / "steps.png", steps_of_all(answers))
    for name in ("sheet.png", "steps.png"):
        with Image.open(tmp_path / name) as drawn:
            assert min(drawn.size) > 100
    with pytest.raises(UsageError, match="1 to 200 readable pictures, received 0"):
        contact_sheet(run, [Unreadable("bad", "no")])
    with pytest.raises(UsageError, match="There are no steps to show"):
        steps_of_all([Unreadable("bad", "no")])
    with pytest.raises(UsageError, match=r"ends in \.png or \.jpg"):
        write_picture(tmp_path / "sheet.txt", contact_sheet(run, answers))
    with pytest.raises(UsageError, match="cannot be written"):
        write_picture(tmp_path / "no" / "sheet.png", contact_sheet(run, answers))


def test_many_pictures_are_answered_as_one_by_one(
    run: OpenRun, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ready ones, ones to prepare, copies and damaged ones, over several portions and threads."""
    monkeypatch.setattr("siam.engine.query.BATCH", 16)
    _, test = load_held_out(trained)
    sources = []
    for number in range(90):
        path = tmp_path / f"{number}.png"
        pixels = test.pictures[number % 40, :, :, 0]
        if number % 5 == 1:
            pixels = np.kron(255 - pixels, np.ones((3, 3), np.uint8))
        Image.fromarray(pixels).save(path)
        if number % 11 == 7:
            path.write_bytes(path.read_bytes()[:60])
        sources.append((str(number), path))
    together = list(query_pictures(run, sources))
    assert [answer.input for answer in together] == [str(number) for number in range(90)]
    for answer, source in zip(together, sources, strict=True):
        (alone,) = query_pictures(run, [source])
        one, other = answer.to_dict(), alone.to_dict()
        assert one.keys() == other.keys()
        for near, also in zip(one.pop("neighbours", []), other.pop("neighbours", []), strict=True):
            assert near.pop("distance") == pytest.approx(also.pop("distance"), abs=2e-6)
            assert near == also
        assert one.pop("probability", 0) == pytest.approx(other.pop("probability", 0), abs=1e-5)
        assert one == other


def test_options_that_make_no_sense_are_refused_for_many_too(run: OpenRun, tmp_path: Path) -> None:
    Image.new("L", (28, 28)).save(tmp_path / "a.png")
    sources = [("a", tmp_path / "a.png")] * 3
    with pytest.raises(UsageError, match="false-accept rate"):
        list(query_pictures(run, sources, options=QueryOptions(false_accept_rate=2.0)))


def test_what_is_in_the_index_is_no_other_kind_of_picture() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 1)).astype(np.uint8)
    described = describe_pictures(noise)
    size = described.shape[1]
    appearance = Appearance(
        mean=(0.0,) * size, precision=tuple(map(tuple, np.eye(size).tolist())), limit=1.0
    )
    run: Any = SimpleNamespace(calibration=SimpleNamespace(appearance=appearance))
    item: Any = object()
    unlike = measure_unlikeness(run, [noise[0], None, noise[2]], [(), (), (item,)])
    assert unlike is not None and unlike.tolist() == [
        pytest.approx(float(np.sqrt(np.mean(described[0] ** 2)))),
        0.0,
        0.0,
    ]
    run.calibration.appearance = None
    assert measure_unlikeness(run, [noise[0]], [()]) is None
