"""Commands that ask and change a gallery on a server: as with the run's own index, without it."""

from __future__ import annotations

import json
import secrets
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from milvus_server import MilvusServer
from sklearn.datasets import load_digits
from typer.testing import CliRunner

from siam.cli import app
from siam.runs.bundled_run import PACK

pytestmark = pytest.mark.slow


def run(*arguments: str) -> tuple[int, Any]:
    done = CliRunner().invoke(app, [*arguments, "--json"])
    return done.exit_code, json.loads(done.stdout) if done.stdout else done.stderr


@pytest.fixture
def digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The run that ships with siam, as one of one's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("platformdirs.user_config_path", lambda name: tmp_path / "config" / name)
    monkeypatch.setenv("SIAM_RUNS", str(tmp_path / "runs"))
    assert CliRunner().invoke(app, ["runs", "unpack", str(PACK)]).exit_code == 0
    return tmp_path / "runs" / "digits"


def test_a_client_with_the_encoder_alone_asks_and_changes(
    digits: Path, milvus: MilvusServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = [cv2.resize(16 - picture, (80, 80)) * 15 for picture in load_digits().images]
    folder = tmp_path / "pictures"
    (folder / "cup").mkdir(parents=True)
    for row in range(4):
        cv2.imwrite(str(folder / "cup" / f"{row}.png"), drawn[row].astype(np.uint8))
    picture = str(folder / "cup" / "0.png")
    own = run("query", picture)
    held = run("index", "info")[1]["items"]
    monkeypatch.setenv("SIAM_STORE", milvus.address(f"s{secrets.token_hex(8)}"))
    assert run("query", picture)[0] == 4  # nothing is there yet
    code, told = run("index", "push", "--kind", "LSH")
    assert (code, "no index kind 'LSH'" in told) == (2, True)
    code, told = run("index", "push", "--kind", "hnsw")
    assert (code, told["items"], told["sent"]) == (0, held, held)
    info = CliRunner().invoke(app, ["index", "info"]).stdout
    assert "kind: HNSW, in use: Milvus HNSW" in info
    shutil.rmtree(digits / "index")
    assert run("query", picture) == own
    code, told = run("index", "add", str(folder))
    assert (code, told["added"], told["total"]) == (0, 4, held + 4)
    code, told = run("index", "add", str(folder))
    assert (told["added"], told["unchanged"], told["total"]) == (0, 4, held + 4)
    code, told = run("query", picture, "--where", "label=cup")
    near = told["results"][0]["neighbours"]
    assert [one["label"] for one in near] == ["cup"] * 4 and near[0]["distance"] < 1e-3
    (folder / "cup" / "3.png").unlink()
    cv2.imwrite(str(folder / "cup" / "2.png"), drawn[9].astype(np.uint8))
    code, told = run("index", "sync", str(folder))
    assert (told["removed"], told["changed"], told["unchanged"]) == (1, 1, 2)
    code, told = run("index", "info")
    assert (told["items"], told["labels"]["cup"], told["kind"]) == (held + 3, 3, "HNSW")
    code, told = run("index", "verify")
    assert (code, told["clean"], told["items"]) == (0, True, held + 3)
    code, told = run("index", "remove", "--label", "cup")
    assert (told["removed"], told["total"]) == (3, held)
    assert run("verify", picture, str(folder / "cup" / "1.png"))[0] in (0, 1)
    code, said = run("index", "tune")
    assert code == 4  # it measures the run's own index, which is gone


def test_a_store_that_was_chosen_needs_no_naming(
    digits: Path, milvus: MilvusServer, tmp_path: Path
) -> None:
    address = milvus.address(f"s{secrets.token_hex(8)}")
    assert run("index", "use", address)[0] == 4  # no gallery is there yet
    assert run("index", "push", "--store", address)[0] == 0
    code, told = run("index", "use", address)
    assert (code, told["store"], told["items"] > 0) == (0, address, True)
    picture = tmp_path / "pictures" / "a.png"
    picture.parent.mkdir()
    cv2.imwrite(
        str(picture), (cv2.resize(16 - load_digits().images[3], (80, 80)) * 15).astype("u1")
    )
    label = CliRunner().invoke(app, ["label", str(picture.parent)], input="n\ncup\n")
    assert label.exit_code == 0, label.output
    assert run("index", "info")[1]["labels"]["cup"] == 1
    assert "cup" not in run("index", "info", "--store", "local")[1]["labels"]
    assert "chosen by `siam index use`" in CliRunner().invoke(app, ["index", "info"]).stdout
    code, told = run("sort", str(picture.parent), "--to", str(tmp_path / "sorted"))
    assert (code, told["counts"]) == (0, {"cup": 1})
    assert run("index", "tune", "--kind", "flat", "--dry-run")[0] == 0  # the run's own
    shutil.rmtree(digits / "index")
    assert run("index", "use", "local")[0] == 4  # forgotten all the same
    assert run("query", str(picture))[0] == 4


def test_pushing_to_nowhere_is_refused(digits: Path) -> None:
    assert run("index", "push")[0] == 2
    assert run("index", "push", "--store", "digits")[0] == 2


def test_embeddings_are_pushed_in_place_of_an_index(
    digits: Path, milvus: MilvusServer, tmp_path: Path
) -> None:
    folder, out = tmp_path / "pictures", str(tmp_path / "embeddings.npz")
    for row, digit in enumerate(load_digits().images[:6]):
        (folder / str(row)).mkdir(parents=True)
        large = cv2.resize(16 - digit, (80, 80)) * 15
        cv2.imwrite(str(folder / str(row) / "a.png"), large.astype(np.uint8))
    assert run("embed", str(folder), "--out", out)[0] == 0
    shutil.rmtree(digits / "index")
    address = milvus.address(f"s{secrets.token_hex(8)}")
    code, told = run("index", "push", out, "--store", address)
    assert (code, told["items"], told["sent"]) == (0, 6, 6)
    told = run("query", str(folder / "4" / "a.png"), "--store", address)[1]
    assert told["results"][0]["neighbours"][0]["label"] == "4"
    assert run("index", "push", str(tmp_path / "none.npz"), "--store", address)[0] == 3
    assert run("index", "push", str(folder / "4" / "a.png"), "--store", address)[0] == 2
