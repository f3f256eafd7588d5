"""`siam index`: words, exit codes and JSON of its commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from siam.commands.index import index
from siam.index.catalogue import FILE
from siam.index.gallery import Gallery


def ask(*words: str, code: int = 0) -> str:
    """Run `siam index` with `words`; return what it wrote to stdout."""
    result = CliRunner().invoke(index, list(words))
    assert result.exit_code == code, result.output
    return result.stdout


def ask_json(*words: str, code: int = 0) -> Any:
    answer = json.loads(ask(*words, "--json", code=code))
    assert answer["schema"] == 1
    assert answer["run"] == "digits"
    return answer


@pytest.fixture
def folder(run_copy: Path, tmp_path: Path) -> Path:
    root = tmp_path / "pictures" / "tick"
    root.mkdir(parents=True)
    for number in range(5):
        canvas = np.full((40, 40), 255, np.uint8)
        canvas[8:30, 10 + number : 15 + number] = 0
        Image.fromarray(canvas).save(root / f"{number}.png")
    return root.parent


def test_the_life_of_a_folder(folder: Path) -> None:
    total = ask_json("info")["items"]
    assert ask("sync", str(folder), "--dry-run").startswith("Would be: 5 added, 0 changed")
    done = ask_json("sync", str(folder))
    assert (done["added"], done["unchanged"], done["total"]) == (5, 0, total + 5)
    assert ask_json("sync", str(folder))["unchanged"] == 5
    assert ask_json("info")["labels"]["tick"] == 5
    assert "tick" in ask("info")
    assert ask("remove", "--label", "tick", "--dry-run").startswith("Would remove 5 items")
    assert ask_json("remove", "--where", "label=tick")["removed"] == 5
    assert ask_json("info")["items"] == total


def test_add_with_label_and_metadata(folder: Path) -> None:
    picture = str(folder / "tick" / "0.png")
    done = ask_json("add", picture, "--label", "own", "--meta", "lux=4")
    assert done["added"] == 1
    assert ask_json("remove", "--where", "lux>3 and label=own", "--dry-run")["removed"] == 1
    assert ask_json("remove", picture)["removed"] == 1


def test_a_bad_picture_among_many_ends_with_3(folder: Path) -> None:
    (folder / "tick" / "bad.png").write_bytes(b"no picture")
    done = ask_json("sync", str(folder), code=3)
    assert done["added"] == 5
    assert "bad.png" in done["skipped"][0]["input"]


def test_verify_finds_and_repairs(folder: Path, run_copy: Path) -> None:
    assert "The index is sound" in ask("verify")
    import sqlite3

    connection = sqlite3.connect(run_copy / "index" / FILE)
    connection.execute("UPDATE state SET count = 3")
    connection.commit()
    connection.close()
    assert not ask_json("verify", code=4)["clean"]
    assert "repaired: The catalogue counts 3 items" in ask("verify", "--repair")
    assert ask_json("verify")["problems"] == []


def test_tune_takes_the_best(folder: Path, run_copy: Path) -> None:
    answer = ask_json("tune", "--kind", "hnsw", "--min-recall", "0.9", "--max-memory", "1G")
    assert answer["chosen"] == "hnsw"
    assert answer["trials"][0]["recall"] >= 0.9
    with Gallery.open(run_copy / "index", read_only=True) as gallery:
        assert gallery.snapshot().store.info.structure == "HNSW32,Flat"
    assert "Best: flat" in ask("tune", "--dry-run", "--kind", "flat")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["remove"], 2),
        (["remove", "--where", "label"], 2),
        (["remove", "99999999"], 2),
        (["tune", "--max-memory", "much"], 2),
        (["tune", "--kind", "bogus"], 2),
        (["tune", "--kind", "IVF8,PQ7"], 2),
        (["add", "nowhere.png"], 3),
        (["sync", "nowhere"], 3),
        (["info", "--run", "nobody"], 4),
    ],
)
def test_mistakes_end_with_their_code(folder: Path, words: list[str], code: int) -> None:
    ask(*words, code=code)


def test_an_index_of_another_encoder(folder: Path, run_copy: Path) -> None:
    import shutil

    shutil.rmtree(run_copy / "index")
    Gallery.create(run_copy / "index", dim=64, encoder_hash="f" * 64).close()
    ask("sync", str(folder), code=4)


def test_ctrl_c_says_what_is_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("siam.engine.api.run_index.sync", interrupted)
    result = CliRunner().invoke(index, ["sync", str(folder)])
    assert result.exit_code == 130
    assert result.stderr.startswith("Interrupted; what was committed is kept. Run it again")
