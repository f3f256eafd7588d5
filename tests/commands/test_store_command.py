"""Commands that ask and change a gallery on a server: as with the run's own index, without it."""

from __future__ import annotations

import json
import secrets
import shutil
from pathlib import Path
from typing import Any

import cv2
import pytest
from milvus_server import MilvusServer
from typer.testing import CliRunner

from siam.cli import app
from siam.runs.held_out import load_held_out

pytestmark = pytest.mark.slow


def run(*arguments: str) -> tuple[int, Any]:
    done = CliRunner().invoke(app, [*arguments, "--json"])
    return done.exit_code, json.loads(done.stdout) if done.stdout else done.stderr


def test_a_client_with_the_encoder_alone_asks_and_changes(
    run_copy: Path, milvus: MilvusServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _, test = load_held_out(run_copy)
    (tmp_path / "cup").mkdir()
    for row in range(4):
        cv2.imwrite(str(tmp_path / "cup" / f"{row}.png"), test.pictures[row])
    picture = str(tmp_path / "cup" / "0.png")
    own = run("query", picture)
    held = run("index", "info")[1]["items"]
    monkeypatch.setenv("SIAM_STORE", milvus.address(f"s{secrets.token_hex(8)}"))
    assert run("query", picture)[0] == 4  # nothing is there yet
    code, told = run("index", "push")
    assert (code, told["items"], told["sent"]) == (0, held, held)
    shutil.rmtree(run_copy / "index")
    assert run("query", picture) == own
    code, told = run("index", "add", str(tmp_path / "cup"))
    assert (code, told["added"], told["total"]) == (0, 4, held + 4)
    code, told = run("index", "add", str(tmp_path / "cup"))
    assert (told["added"], told["unchanged"], told["total"]) == (0, 4, held + 4)
    code, told = run("query", picture, "--where", "label=cup")
    assert told["results"][0]["label"] == "cup" and "in the index" in told["results"][0]["reason"]
    Path("cup/3.png").unlink()
    cv2.imwrite("cup/2.png", test.pictures[9])
    code, told = run("index", "sync", str(tmp_path / "cup"))
    assert (told["removed"], told["changed"], told["unchanged"]) == (1, 1, 2)
    code, told = run("index", "info")
    assert (told["items"], told["labels"]["cup"]) == (held + 3, 3)
    code, told = run("index", "verify")
    assert (code, told["clean"], told["items"], told["recall"]) == (0, True, held + 3, 1.0)
    code, told = run("index", "remove", "--label", "cup")
    assert (told["removed"], told["total"]) == (3, held)
    assert run("verify", picture, str(tmp_path / "cup" / "1.png"))[0] in (0, 1)
    code, said = run("index", "tune")
    assert code == 4  # it measures the run's own index, which is gone


def test_pushing_to_nowhere_is_refused(run_copy: Path) -> None:
    assert run("index", "push")[0] == 2
    assert run("index", "push", "--store", "digits")[0] == 2
