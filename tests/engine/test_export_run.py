"""`siam export`: each format runs without siam, and says how far it is from Keras."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from siam.atomic import sha256
from siam.cli import app
from siam.engine.export import export_run
from siam.engine.export_sidecar import example_script
from siam.errors import MissingExtraError, RunError, UsageError
from siam.run_files import ENCODER_FILE
from siam.runs.held_out import load_held_out
from siam.runs.manifest import write_manifest
from siam.runs.runs_folder import find_run
from siam.siamese.encoder import LiteEncoder

FORMS = ["litert", "onnx", "saved-model"]


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_the_example_runs_it_without_siam(run_copy: Path, tmp_path: Path, form: str) -> None:
    if form == "onnx":
        pytest.importorskip("tf2onnx")
    done = export_run(None, tmp_path / "out", form=form)
    assert done.parity.holds and done.recall is None and done.size > 1000

    _, test = load_held_out(run_copy)
    names = []
    for row in range(2):
        names.append(str(tmp_path / f"{row}.png"))
        cv2.imwrite(names[-1], test.pictures[row])
    example = tmp_path / "out" / "example.py"
    assert "siam" not in example.read_text().replace("Without siam", "").replace("saved_model", "")
    # -I: neither PYTHONPATH nor the working folder, where siam may stand.
    run = subprocess.run(
        [sys.executable, "-I", str(example), *names], capture_output=True, text=True, cwd="/"
    )
    assert run.returncode == 0, run.stderr
    left, right = LiteEncoder(find_run(None) / ENCODER_FILE).encode(test.pictures[:2])
    distance, answer = run.stdout.split()
    assert float(distance) == pytest.approx(float(np.linalg.norm(left - right)), abs=2e-3)
    threshold = json.loads((run_copy / "calibration.json").read_text())["threshold"]
    assert answer == ("same" if float(distance) <= threshold else "different")


def test_the_sidecar_says_what_the_numbers_mean(run_copy: Path, tmp_path: Path) -> None:
    export_run("digits", tmp_path / "out")
    about = json.loads((tmp_path / "out" / "encoder.json").read_text())
    assert about["schema"] == 1 and about["run"] == "digits" and about["format"] == "litert"
    assert about["classes"] == [str(digit) for digit in range(10)]
    assert about["preparation"]["size"] == [28, 28]
    assert about["input"] == {"shape": [None, 28, 28, 1], "dtype": "float32", "range": [0, 255]}
    assert about["output"]["dim"] == 64
    assert about["calibration"] == json.loads((run_copy / "calibration.json").read_text())
    assert about["parity"]["max_difference"] < 1e-3
    # The run's own file: an index that it filled takes what the copy embeds.
    assert about["sha256"] == {ENCODER_FILE: sha256(run_copy / ENCODER_FILE)}
    assert sha256(tmp_path / "out" / ENCODER_FILE) == sha256(run_copy / ENCODER_FILE)


@pytest.mark.slow
def test_int8_tells_its_loss(run_copy: Path, tmp_path: Path) -> None:
    done = export_run(None, tmp_path / "out", int8=True)
    assert done.size < 0.4 * (run_copy / ENCODER_FILE).stat().st_size
    assert done.recall is not None
    before, after = done.recall
    assert 0.5 < before <= 1.0 and abs(before - after) < 0.02
    about = json.loads((tmp_path / "out" / "encoder.json").read_text())
    assert about["quantisation"]["recall@1_int8"] == after


@pytest.mark.slow
def test_the_command_prints_the_check(run_copy: Path) -> None:
    done = CliRunner().invoke(app, ["export", "--out", "out", "--int8"])
    assert done.exit_code == 0, done.stderr
    assert "Parity with Keras on" in done.stdout and "percentage points" in done.stdout
    again = CliRunner().invoke(app, ["export", "--out", "out2", "--json"])
    told = json.loads(again.stdout)
    assert told["parity"]["neighbour_agreement"] == 1.0 and told["recall@1"] is None


@pytest.mark.parametrize("form", FORMS)
def test_examples_are_short_and_compile(form: str) -> None:
    script = example_script(form)
    compile(script, "example.py", "exec")
    assert len(script.splitlines()) <= 17 and max(map(len, script.splitlines())) <= 100


def test_what_cannot_be_meant_is_refused(run_copy: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no format 'pickle'.*\n.*litert, onnx, saved-model"):
        export_run(None, tmp_path / "out", form="pickle")
    with pytest.raises(UsageError, match="--int8 is for --format litert"):
        export_run(None, tmp_path / "out", form="onnx", int8=True)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("")
    with pytest.raises(UsageError, match="nothing is overwritten"):
        export_run(None, tmp_path / "out")


@pytest.mark.parametrize(("missing", "extra"), [("tensorflow", "train"), ("tf2onnx", "onnx")])
def test_missing_packages_name_their_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str, extra: str
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == missing else find(name)
    )
    with pytest.raises(MissingExtraError, match=rf"pip install 'siam\[{extra}\]'"):
        export_run(None, tmp_path / "out", form="onnx")


def test_an_export_that_answers_differently_leaves_nothing(
    run_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("siam.siamese.export.LARGEST_DIFFERENCE", -1.0)
    with pytest.raises(RunError, match="does not answer as Keras does"):
        export_run(None, tmp_path / "out")
    assert sorted(os.listdir(tmp_path)) == ["runs"]


@pytest.mark.slow
def test_a_run_without_litert_has_it_written_by_its_export(run_copy: Path, tmp_path: Path) -> None:
    """As after a training without TensorFlow."""
    _, test = load_held_out(run_copy)
    own = LiteEncoder(run_copy / ENCODER_FILE).encode(test.pictures[:8])
    (run_copy / ENCODER_FILE).unlink()
    write_manifest(run_copy)
    done = export_run(None, tmp_path / "out")
    np.testing.assert_allclose(LiteEncoder(done.model).encode(test.pictures[:8]), own, atol=1e-5)
