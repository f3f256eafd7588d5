"""An index of one's own signs by the bundled encoder: one drawing of each, no training."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from typer.testing import CliRunner, Result

from siam.cli import app
from siam.engine.index.bundled_encoder import add_by_encoder
from siam.errors import DataError, UsageError
from siam.run_files import INDEX_FOLDER
from siam.runs.bundled_run import BUNDLED_ENCODERS, PACK
from siam.runs.pack import open_pack

# Lines as shares of the side.
SIGNS = {
    "cross": [[(0.2, 0.2), (0.8, 0.8)], [(0.8, 0.2), (0.2, 0.8)]],
    "gate": [[(0.2, 0.8), (0.2, 0.2), (0.8, 0.2), (0.8, 0.8)]],
    "hook": [[(0.3, 0.2), (0.3, 0.8), (0.7, 0.8), (0.7, 0.6)]],
    "comb": [[(0.2, 0.5), (0.8, 0.5)], *([[(x, 0.5), (x, 0.8)] for x in (0.2, 0.5, 0.8)])],
}


def draw(path: Path, sign: str, *, shift: float = 0, squeeze: float = 1) -> Path:
    """Draw a sign in thin lines, elsewhere and wider or narrower than another time."""
    picture = Image.new("L", (105, 105), 255)
    for line in SIGNS[sign]:
        points = [((x * squeeze + shift) * 105, (y + shift / 2) * 105) for x, y in line]
        ImageDraw.Draw(picture).line(points, fill=0, width=3, joint="curve")
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)
    return path


@pytest.fixture
def signs(runs: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "my signs"
    for sign in SIGNS:
        draw(folder / sign / "one.png", sign)
    return folder


def siam(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_the_packs_fit_in_a_small_wheel() -> None:
    size = sum(path.stat().st_size for path in (PACK, *BUNDLED_ENCODERS.values()))
    assert BUNDLED_ENCODERS["glyphs"].stat().st_size <= 1_000_000 and size <= 2_000_000
    files = open_pack(BUNDLED_ENCODERS["glyphs"]).files
    assert "held_out.npz" not in files and f"{INDEX_FOLDER}/catalogue.sqlite" in files


def test_one_drawing_of_each_is_enough(signs: Path, runs: Path, tmp_path: Path) -> None:
    made = siam("index", "add", signs, "--encoder", "glyphs")
    assert made.exit_code == 0, made.stderr
    assert "nothing was trained" in made.stderr and (runs / "my-signs").is_dir()
    asked = [draw(tmp_path / f"{sign}.png", sign, shift=0.08, squeeze=0.8) for sign in SIGNS]
    answers = json.loads(siam("query", *asked, "--json").stdout)
    assert answers["run"] == "my-signs"
    assert [one["label"] for one in answers["results"]] == list(SIGNS)
    assert {one["verdict"] for one in answers["results"]} <= {"match", "unsure"}


def test_it_is_a_run_to_add_to_and_the_newest(signs: Path, tmp_path: Path) -> None:
    _, first = add_by_encoder("glyphs", [str(signs)], name="signs")
    more = draw(tmp_path / "more.png", "gate", shift=0.05)
    done = siam("index", "add", more, "--label", "gate", "--json")
    assert (first.total, json.loads(done.stdout)["total"]) == (4, 5)
    with pytest.raises(UsageError, match=r"a run 'signs'.*\n.*index add .* --run signs"):
        add_by_encoder("glyphs", [str(signs)], name="signs")


def test_what_fails_leaves_no_run(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"no picture")
    for sources in ([str(tmp_path / "nowhere")], [str(tmp_path / "bad.png")]):
        with pytest.raises(DataError):
            add_by_encoder("glyphs", sources)
    with pytest.raises(UsageError, match="takes one of: glyphs"):
        add_by_encoder("runes", [str(tmp_path)])
    assert not list(runs.iterdir())


@pytest.mark.parametrize("words", [["--encoder", "glyphs", "--run", "a"], ["--name", "a"]])
def test_options_that_exclude_each_other(signs: Path, words: list[str]) -> None:
    assert siam("index", "add", signs, *words).exit_code == 2
