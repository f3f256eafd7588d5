"""A `.keras` file that names what no network of siam's is made of is refused before it is built."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from siam.training import keras_file
from siam.training.keras_file import load_model


def write(path: Path, config: Any) -> Path:
    """Write an archive as Keras does, with this description and no weights."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", config if isinstance(config, str) else json.dumps(config))
    return path


def layer(module: str, name: str) -> dict[str, Any]:
    """A model's description with one layer in it."""
    inner = {"module": module, "class_name": name, "config": {"name": "x"}}
    return {"module": "keras", "class_name": "Sequential", "config": {"layers": [inner]}}


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (layer("os", "system"), "it names the module 'os'"),
        (layer("keras_evil", "Dense"), "it names the module 'keras_evil'"),
        (layer("siamese.evil", "Dense"), "it names the module"),
        (layer("keras.layers", "Lambda"), "it holds a Lambda"),
        (layer("keras.layers", "StringLookup"), "it holds a StringLookup"),
        (layer("keras.layers", "TFSMLayer"), "it holds a TFSMLayer"),
        (layer("keras.src.utils.torch_utils", "TorchModuleWrapper"), "TorchModuleWrapper"),
        ("[" * 100_000, "."),
        ("no JSON", "."),
    ],
)
def test_what_it_names_is_looked_through_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: Any, words: str
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("Keras was asked to build it")

    monkeypatch.setattr("keras.saving.load_model", never)
    with pytest.raises(ValueError, match=words) as caught:
        load_model(write(tmp_path / "model.keras", config))
    assert "Keras was asked" not in str(caught.value)


def test_one_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keras_file, "MOST_CONFIG", 10)
    with pytest.raises(ValueError, match="it unpacks to"):
        load_model(write(tmp_path / "model.keras", layer("keras.layers", "Dense")))


def test_a_missing_one_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_model(tmp_path / "model.keras")
