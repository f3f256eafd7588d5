"""What every command writes by: nothing from a file moves the cursor."""

from __future__ import annotations

import json

import pytest

from siam.commands import console
from siam.errors import DataError

NAME = "a\x1b[2J\n.png"


def test_an_error_is_a_line_and_its_cure_another(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_error(DataError(f"{NAME}: no picture.", f"Look at {NAME}."))
    assert capsys.readouterr().err.splitlines() == [
        r"Error: a\x1b[2J\n.png: no picture.",
        r"Look at a\x1b[2J\n.png.",
    ]


def test_what_is_said_and_shown_keeps_its_lines_alone(capsys: pytest.CaptureFixture[str]) -> None:
    console.data(f"one\n{NAME}")
    console.notice(f"two\n{NAME}")
    console.table("", ["name", "count"], [[NAME, "1"]])
    console.drawing("\x1b[31mred")
    out, err = capsys.readouterr()
    assert err == "two\na\\x1b[2J\n.png\n"
    assert out.startswith("one\na\\x1b[2J\n.png\n")
    assert r"a\x1b[2J\n.png" in out
    assert out.endswith("\x1b[31mred\n")


def test_a_table_aligns_what_takes_two_columns_a_letter(capsys: pytest.CaptureFixture[str]) -> None:
    console.table("Cats", ["name", "n"], [["\u732b", "1"], ["cafe\u0301s", "23"]])
    assert capsys.readouterr().out.splitlines() == [
        "Cats",
        "name    n",
        "\u732b      1",
        "cafe\u0301s  23",
    ]


def test_a_table_is_folded_to_a_narrow_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "24")
    monkeypatch.setattr(console.sys.stdout, "isatty", lambda: True)
    console.table("", ["figure", "value"], [["share of pairs told apart", "99.61 %"]])
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["figure             value", "share of pairs   99.61 %", "told apart"]


def test_json_holds_nothing_that_turns_or_moves_a_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    label = "né\u202e\x9b2J\x1b\udce9"
    console.json_object({"label": label})
    told = capsys.readouterr().out
    assert told == '{"schema": 1, "label": "né\\u202e\\u009b2J\\u001b\\udce9"}\n'
    assert json.loads(told)["label"] == label
