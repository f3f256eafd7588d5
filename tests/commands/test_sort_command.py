"""`siam sort`: its words, its JSON and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from siam.cli import app
from siam.runs.held_out import load_held_out


def siam(*words: str | Path) -> Result:
    """Run the command line in this process."""
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def photos(run_copy: Path, tmp_path: Path) -> Path:
    """Two test digits and a blank picture."""
    _, test = load_held_out(run_copy)
    (tmp_path / "photos").mkdir()
    for number in range(2):
        Image.fromarray(test.pictures[number, :, :, 0]).save(tmp_path / "photos" / f"{number}.png")
    Image.new("L", (60, 60), 250).save(tmp_path / "photos" / "blank.png")
    return tmp_path / "photos"


def test_a_folder_is_sorted_and_taken_back(photos: Path, tmp_path: Path) -> None:
    to = tmp_path / "sorted"
    result = siam("sort", photos, "--to", to)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == f"3 pictures copied to {to}."
    assert "no match" in result.stdout
    assert f"siam sort --undo {to / 'sorted.csv'}" in result.stderr
    assert siam("sort", photos, "--to", to).stdout.splitlines()[0].endswith("3 of them earlier.")
    back = siam("sort", "--undo", to / "sorted.csv")
    assert back.exit_code == 0
    assert back.stdout == "0 pictures moved back, 3 copies removed.\n"


def test_json(photos: Path, tmp_path: Path) -> None:
    (photos / "broken.png").write_bytes(b"no picture")
    result = siam("sort", photos, "--to", tmp_path / "sorted", "--move", "--json")
    assert result.exit_code == 3
    content = json.loads(result.stdout)
    assert content.keys() == {
        *("schema", "run", "to", "table", "moved", "written", "counts", "earlier", "skipped")
    }
    assert content["counts"]["no match"] == 1 and len(content["skipped"]) == 1
    (photos / "blank.png").touch()
    back = siam("sort", "--undo", content["table"], "--json")
    assert back.exit_code == 3
    kept = json.loads(back.stdout)
    assert (kept["moved_back"], kept["kept"][0]["input"]) == (2, "no match/blank.png")


def test_what_would_be_done(photos: Path, tmp_path: Path) -> None:
    result = siam("sort", photos, "--to", tmp_path / "sorted", "--move", "--dry-run")
    assert result.stdout.startswith("3 pictures would be moved to ")
    assert not (tmp_path / "sorted").exists()


def test_exit_codes(photos: Path, tmp_path: Path) -> None:
    assert siam("sort").exit_code == 2
    assert siam("sort", photos).exit_code == 2
    assert siam("sort", photos, "--undo", "sorted.csv").exit_code == 2
    assert siam("sort", "--undo", tmp_path / "sorted.csv").exit_code == 3
    assert siam("sort", photos, "--to", photos).exit_code == 2
    assert siam("sort", photos, "--to", tmp_path / "s", "--min-verdict", "sure").exit_code == 2
    assert siam("sort", tmp_path / "nowhere", "--to", tmp_path / "s").exit_code == 3
    assert siam("sort", photos, "--to", tmp_path / "s", "--run", "nobody").exit_code == 4
