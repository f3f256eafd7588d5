"""What goes with an exported model, of a run made by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from siam.atomic import sha256
from siam.engine.export_sidecar import describe, files_of
from siam.pictures.preparation import Preparation
from siam.recipe import Recipe
from siam.runs.config import DataChoice, RunConfig, TrainChoice
from siam.siamese.export import Parity

CONFIG = RunConfig(
    data=DataChoice(dataset="pets"),
    train=TrainChoice(),
    recipe=Recipe(dim=32),
    name="pets",
    source="/pets",
    fingerprint="f",
    classes=("cat", "dog"),
    groups=(),
    preparation=Preparation("photo", (20, 30), 3),
)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run's folder, of which the sidecar reads the calibration alone."""
    folder = tmp_path / "pets-1"
    folder.mkdir()
    (folder / "calibration.json").write_text('{"threshold": 0.7}')
    return folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model that is a folder of two files."""
    folder = tmp_path / "saved_model"
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"graph")
    (folder / "variables" / "0").write_bytes(b"numbers")
    return folder


def test_it_says_how_to_feed_the_model_and_what_its_answers_mean(run: Path, model: Path) -> None:
    about = describe(
        run, CONFIG, (20, 30, 3), 90, model, "saved-model", Parity(1e-6, 1.0, 512), recall=None
    )
    assert about == json.loads(json.dumps(about))
    assert (about["run"], about["format"], about["file"]) == ("pets-1", "saved-model", model.name)
    assert about["input"] == {"shape": [None, 20, 30, 3], "dtype": "float32", "range": [0, 255]}
    assert (about["output"]["dim"], about["classes"]) == (90, ["cat", "dog"])
    assert about["preparation"] == CONFIG.preparation.to_dict()
    assert about["calibration"] == {"threshold": 0.7}
    assert about["parity"]["pictures"] == 512
    assert "quantisation" not in about


def test_every_file_of_the_model_has_its_hash(run: Path, model: Path) -> None:
    parity = Parity(0.0, 1.0, 1)
    about = describe(run, CONFIG, (20, 30, 3), 90, model, "saved-model", parity, recall=None)
    assert about["sha256"] == {
        "saved_model/saved_model.pb": sha256(model / "saved_model.pb"),
        "saved_model/variables/0": sha256(model / "variables" / "0"),
    }
    assert files_of(model / "saved_model.pb") == [model / "saved_model.pb"]


def test_int8_says_what_it_costs(run: Path, model: Path) -> None:
    parity = Parity(0.01, 0.98, 512)
    about = describe(run, CONFIG, (20, 30, 3), 90, model, "litert", parity, recall=(0.99, 0.98))
    assert about["quantisation"]["recall@1_float32"] == 0.99
    assert about["quantisation"]["recall@1_int8"] == 0.98
