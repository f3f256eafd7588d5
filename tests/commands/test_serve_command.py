"""`siam serve`: what is refused before anything is served."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from typer.testing import CliRunner

from siam.cli import app

TOKEN = "SIAM_SERVE_TOKEN"


@pytest.fixture(autouse=True)
def no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN, raising=False)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--host", "0.0.0.0"], "no token keeps strangers out"),
        (["--label", "folder"], "Add --writable"),
        (["--port", "70000"], "70000"),
        (["--rate", "-1"], "-1"),
        (["--host", "no.such.host.invalid"], "no.such.host.invalid"),
    ],
    ids=["no token", "label", "port", "rate", "host"],
)
def test_what_cannot_be_served(runs: Path, options: list[str], words: str) -> None:
    done = CliRunner().invoke(app, ["serve", *options])
    assert done.exit_code == 2
    assert words in done.output


@pytest.mark.parametrize("token", ["short", "with blanks in it, so no header", "sixteen-letters-é"])
def test_tokens_that_are_none(runs: Path, tmp_path: Path, token: str) -> None:
    done = CliRunner().invoke(app, ["serve"], env={TOKEN: token})
    assert done.exit_code == 2
    assert "16" in done.output and token not in done.output
    (tmp_path / "token").write_text(token + "\n", "utf-8")
    assert (
        CliRunner().invoke(app, ["serve", "--token-file", str(tmp_path / "token")]).exit_code == 2
    )


def test_a_token_file_that_is_not_there(runs: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["serve", "--token-file", str(tmp_path / "none")])
    assert done.exit_code == 3


def test_a_run_that_is_not_there(runs: Path) -> None:
    assert CliRunner().invoke(app, ["serve", "--run", "nothing", "--port", "0"]).exit_code == 4


def test_what_is_missing_is_named_with_its_extra(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == "uvicorn" else found(name)
    )
    done = CliRunner().invoke(app, ["serve"])
    assert done.exit_code == 5
    assert "siam[web]" in done.output
