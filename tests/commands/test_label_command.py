"""`siam label` by a line a key, as a script or a pipe gives them; drawings; keys."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from siam.cli import app
from siam.commands import half_blocks, label
from siam.commands.half_blocks import draw_picture, draw_row


def siam(*words: str, keys: str = "") -> Result:
    """Run the command line in this process, with lines on standard input."""
    return CliRunner().invoke(app, list(words), input=keys)


def test_a_line_a_key(run_copy: Path, write_picture: Callable[..., Path], tmp_path: Path) -> None:
    for number in range(5):
        write_picture(tmp_path / "scans" / f"{number}.png", seed=number)
    (tmp_path / "scans" / "broken.png").write_text("no picture")
    keys = "7\nn\ncross\nu\ns\n?\nstar\nn star\n"
    answer = siam("label", "scans", keys=keys)
    assert answer.exit_code == 3, answer.output  # for the broken one
    assert answer.stdout == "2 pictures labelled, 1 passed over, 2 left.\n"
    assert "Taken back: cross." in answer.stderr
    assert "No label has the key '?'" in answer.stderr
    assert "No label has the key 'star'" in answer.stderr
    assert "broken.png" in answer.stderr

    told = json.loads(siam("label", "scans", "--json", keys="star\nq\n7\n").stdout)
    assert [one["label"] for one in told["labelled"]] == ["star"]
    assert (told["run"], told["passed_over"], told["left"]) == ("digits", 0, 2)
    assert len(told["skipped"]) == 1
    assert siam("query", told["labelled"][0]["input"], "--json").exit_code in {0, 1}


def test_nothing_to_label(run_copy: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert siam("label", "empty").exit_code == 3
    assert siam("label", "lost").exit_code == 3
    assert siam("label", "empty", "--run", "lost").exit_code == 4


def test_keys() -> None:
    digits = [str(n) for n in range(10)]
    keys = label.keys_of(digits, {})
    assert keys == dict(zip(digits, digits, strict=True))
    more = label.keys_of([*digits, "cat"], keys)
    assert label.keys_of([*digits, "ant", "cat"], more) == {**keys, "a": "cat", "b": "ant"}
    many = label.keys_of([f"class {n}" for n in range(100)], {})
    assert len(many) == len(label.KEYS) and not set(many) & {"n", "s", "u", "q"}


def test_a_picture_keeps_its_proportions_in_the_room_there_is() -> None:
    wide = np.zeros((50, 200, 3), np.uint8)
    for columns, lines in [(80, 24), (40, 24), (80, 5), (1, 1)]:
        for colours in (True, False):
            drawn = draw_picture(wide, columns=columns, lines=lines, colours=colours).splitlines()
            assert 1 <= len(drawn) <= lines
            width = drawn[0].count("m") - 1 if colours else len(drawn[0])
            assert 1 <= width <= columns
    assert len(draw_picture(wide, columns=80, lines=24, colours=False).splitlines()) == 10


def test_grey_pictures_are_drawn_as_colour_is() -> None:
    grey = np.arange(28 * 28, dtype=np.uint8).reshape(28, 28, 1)
    assert draw_row([grey]) == draw_row([grey.repeat(3, axis=2)])


@pytest.mark.parametrize(
    ("names", "colours"),
    [
        ({"COLORTERM": "truecolor"}, True),
        ({"COLORTERM": "truecolor", "NO_COLOR": "1"}, False),
        ({"WT_SESSION": "1"}, True),
        ({}, False),
    ],
    ids=["truecolor", "no colour", "windows terminal", "plain"],
)
def test_colours_are_for_terminals_that_show_them(
    names: dict[str, str], colours: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("COLORTERM", "NO_COLOR", "WT_SESSION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
    assert half_blocks.shows_colours() is colours
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert not half_blocks.shows_colours()
