"""What tests of several rooms share: real data, and one small run trained once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder with the real MNIST; without it tests fail rather than pass unseen."""
    folder = os.environ.get("SIAM_DATA_DIR")
    assert folder, "Set SIAM_DATA_DIR to the folder that holds mnist/."
    assert (Path(folder) / "mnist").is_dir(), f"{folder} holds no mnist/."
    return Path(folder).resolve()


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run on scikit-learn's digits; shared, so that tests must leave it as it is."""
    from siam.engine.config import DataChoice, TrainChoice
    from siam.engine.train import train_run

    runs = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIAM_RUNS", str(runs))
        choice = TrainChoice(preset="quick", overrides={"epochs": "12"})
        return train_run(DataChoice(dataset="digits"), choice, name="digits").path


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty runs folder of the test's own, with the working folder beside it."""
    folder = tmp_path / "runs"
    monkeypatch.setenv("SIAM_RUNS", str(folder))
    monkeypatch.chdir(tmp_path)
    yield folder


@pytest.fixture
def run_copy(trained: Path, runs: Path) -> Path:
    """A copy of the trained run, named "digits" and last, that a test may harm."""
    import shutil

    from siam.engine.runs import point_last_to

    runs.mkdir()
    copy = runs / trained.name
    shutil.copytree(trained, copy)
    point_last_to(copy)
    return copy
