"""What a console that knows few letters is sent: every command ends, and JSON stays JSON."""

from __future__ import annotations

import io
import json
import signal
import sys
from pathlib import Path

import pytest

from siam.cli import main

NAME = "größe-δ"


def printed(monkeypatch: pytest.MonkeyPatch, encoding: str, *words: str) -> str:
    """Run the command line with a stdout in an encoding; return what it was sent."""
    sent = io.BytesIO()
    stdout = io.TextIOWrapper(sent, encoding=encoding, errors="strict")
    monkeypatch.setattr(sys, "stdout", stdout)
    monkeypatch.setattr(sys, "argv", ["siam", *words])
    monkeypatch.delattr(signal, "SIGPIPE", raising=False)  # main() would set it for all tests
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    stdout.flush()
    return sent.getvalue().decode(encoding)


@pytest.fixture
def run(runs: Path) -> None:
    """A run with letters in its name that cp1252 and ASCII lack."""
    (runs / NAME).mkdir(parents=True)
    (runs / NAME / "config.toml").write_text("", encoding="utf-8")


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("utf-8", NAME), ("cp1252", r"größe-\u03b4"), ("ascii", r"gr\xf6\xdfe-\u03b4")],
)
def test_letters_that_are_missing_are_numbers(
    monkeypatch: pytest.MonkeyPatch, encoding: str, shown: str
) -> None:
    assert shown in printed(monkeypatch, encoding, "runs")
    answer = json.loads(printed(monkeypatch, encoding, "runs", "--json"))
    assert answer["runs"][0]["name"] == NAME
