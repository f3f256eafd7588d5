"""`siam compare` and `siam classify` at the command line: what they print, and exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from siam.cli import app
from siam.engine import classify as engine_classify
from siam.engine.classify import KeptClassifier
from siam.pictures.preparation import Preparation


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch, runs: Path) -> None:
    """A classifier of two classes that always says "b"."""
    classifier = KeptClassifier(
        name="functional",
        dataset="made",
        classes=("a", "b"),
        preparation=Preparation("none", (8, 8), 1),
        classify=lambda pictures: np.tile(np.float32([0.25, 0.75]), (len(pictures), 1)),
    )
    monkeypatch.setattr(engine_classify, "open_kept", lambda style, dataset: classifier)


def picture(name: str) -> str:
    Image.linear_gradient("L").resize((20, 20)).save(name)
    return name


def test_one_picture_is_named(kept: None) -> None:
    done = CliRunner().invoke(app, ["classify", picture("one.png")])
    assert done.exit_code == 0
    assert done.stdout == "b  75.0%  one.png  (then a 25.0%)\n"
    assert "it has no answer 'none of these'" in done.stderr


def test_json_holds_every_picture_and_a_bad_one_ends_with_3(kept: None) -> None:
    Path("bad.png").write_bytes(b"no picture")
    pictures = [picture("one.png"), "bad.png", "nothing.png"]
    done = CliRunner().invoke(app, ["classify", *pictures, "--json"])
    assert done.exit_code == 3
    told = json.loads(done.stdout)
    assert (told["schema"], told["style"], told["dataset"]) == (1, "functional", "made")
    good, bad, missing = told["results"]
    assert (good["input"], good["label"], good["probability"]) == ("one.png", "b", 0.75)
    assert set(bad) == set(missing) == {"input", "error"}


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["classify"], 2, "Missing argument"),
        (["compare", "digits", "--only", "quantum"], 2, "quantum"),
        (["compare", "digits", "--backend", "mxnet"], 2, "mxnet"),
        (["compare", "digits", "--device", "tpu"], 2, "tpu"),
        (["compare", "nowhere"], 3, "nowhere"),
        (["compare", "digits", "--holdout-classes", "x"], 2, "x"),
    ],
)
def test_exit_codes(runs: Path, arguments: list[str], code: int, word: str) -> None:
    done = CliRunner().invoke(app, arguments)
    assert (done.exit_code, word in done.stderr) == (code, True), done.stderr


def test_nothing_kept_is_said_with_the_cure(runs: Path) -> None:
    done = CliRunner().invoke(app, ["classify", picture("one.png")])
    assert done.exit_code == 4
    assert "siam compare" in done.stderr


def test_the_comparison_is_printed_verdict_first(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from siam.engine import compare as engine_compare

    figures = {"accuracy": (0.98, (0.97, 0.99)), "recall@1": (0.5, (0.4, 0.6))}
    one = SimpleNamespace(
        name="functional",
        scores=SimpleNamespace(seen=figures, unseen={}),
        parameters=1234,
        size_bytes=2_000_000,
        training_seconds=3.21,
        pictures_per_second=1000.0,
        cold_start_seconds=0.5,
        answers_by="LiteRT",
    )
    compared = SimpleNamespace(
        verdict=("Take the classifier.",),
        classes=("a", "b"),
        unseen_classes=(),
        pictures={"test": 10, "shown": 0, "asked": 0},
        contestants=(one,),
    )
    monkeypatch.setattr(engine_compare, "compare", lambda data, **_: (compared, runs))
    done = CliRunner().invoke(app, ["compare", "digits", "--only", "functional"])
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith("Take the classifier.\n")
    assert "0.9800 (0.9700 to 0.9900)" in done.stdout
    assert "1,234" in done.stdout and "3.2 s" in done.stdout
    assert str(runs / "comparison.html") in done.stdout.replace("\n", "")
