"""Training a run: whole or not at all, resumable to the bit, reproducible."""

from __future__ import annotations

import importlib.util
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from siam.datasets.digits import load_digits
from siam.engine import train
from siam.engine.train import TrainedRun, train_run
from siam.engine.training_plan import TrainingPlan
from siam.errors import DivergenceError, RunError, SiamError
from siam.run_files import CHECKPOINT_FILE, ENCODER_FILE
from siam.runs.config import DataChoice, TrainChoice, load_config
from siam.runs.lifecycle import hold_run
from siam.runs.runs_folder import find_run, list_runs
from siam.siamese.encoder import KerasEncoder, open_encoder
from siam.training.position import read_position
from siam.training.precision import StepTime

WriteIdx = Callable[[Path, np.ndarray], Path]

# AdamW: what Muon does to a step takes TensorFlow longer to compile than such a training takes;
# test_train_killed.py resumes one by Muon.
SHORT = TrainChoice(
    preset="quick",
    overrides={"epochs": "4", "hard_example_share": "0.4", "optimizer": "adamw"},
    seed=4,
)
PICTURES = 320


def interrupt_at(share: float) -> Callable[[str, int, int], None]:
    """Return a progress that presses Ctrl-C when a share of the training is done."""

    def progress(what: str, done: int, total: int) -> None:
        if what == "Training" and done == int(total * share):
            raise KeyboardInterrupt

    return progress


def interrupt_before(stage: str) -> Callable[[str, int, int], None]:
    """Return a progress that presses Ctrl-C as soon as a stage begins."""

    def progress(what: str, done: int, total: int) -> None:
        if what.startswith(stage):
            raise KeyboardInterrupt

    return progress


# When network and encoder are there, and the rest is not.
stop_before_the_index = interrupt_before("Indexing")


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory, write_idx: WriteIdx) -> DataChoice:
    """A few hundred of the digits, as IDX files: trained on in a second."""
    folder = tmp_path_factory.mktemp("data") / "few"
    folder.mkdir()
    digits = load_digits().train.take(np.arange(PICTURES))
    write_idx(folder / "train-images-idx3-ubyte", digits.pictures[..., 0])
    write_idx(folder / "train-labels-idx1-ubyte", digits.labels)
    return DataChoice(dataset=str(folder))


@pytest.fixture
def no_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which TensorFlow is not installed, as far as looking for it tells."""
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == "tensorflow" else find(name)
    )


@pytest.mark.usefixtures("runs", "no_tensorflow")
def test_without_tensorflow_a_training_says_first_what_it_cannot_write(few: DataChoice) -> None:
    said: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        train_run(few, SHORT, progress=interrupt_before("Building"), notice=said.append)
    assert len([text for text in said if "TensorFlow is not installed" in text]) == 1


@pytest.fixture(scope="module", autouse=True)
def training_alone() -> Iterator[None]:
    """Leave out what takes longer than such a training: the report, and what a step would take."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train, "write_run_report", lambda *_, **__: None)
        patch.setattr("siam.siamese.step_time.measure_step", lambda *_, **__: StepTime(0.01, 1.0))
        yield


@pytest.fixture(scope="module")
def whole(few: DataChoice, tmp_path_factory: pytest.TempPathFactory) -> TrainedRun:
    """A run that nothing interrupted."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIAM_RUNS", str(tmp_path_factory.mktemp("whole")))
        return train_run(few, SHORT)


@pytest.fixture(scope="module")
def interrupted(few: DataChoice, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run cut in the midst of its third epoch, which draws from the ranking made before it."""
    runs = tmp_path_factory.mktemp("interrupted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIAM_RUNS", str(runs))
        with pytest.raises(KeyboardInterrupt, match="step . after the end of epoch 2.*--name cut"):
            train_run(few, SHORT, name="cut", progress=interrupt_at(0.7))
    position = read_position(runs / "cut.partial")
    assert len(position.history) == 2 and position.step > 0
    return runs / "cut.partial"


@pytest.fixture
def cut(interrupted: Path, runs: Path) -> Path:
    """A copy of the interrupted run in the test's own runs folder."""
    return Path(shutil.copytree(interrupted, runs / interrupted.name))


def weights(run: Path) -> list[np.ndarray]:
    """Return the weights of a run's network."""
    from siam.siamese.network import load_network

    return list(load_network(run / "model.keras").get_weights())


def assert_same(one: TrainedRun, other: TrainedRun) -> None:
    """Assert that two runs were trained to the same bit."""
    for left, right in zip(weights(one.path), weights(other.path), strict=True):
        np.testing.assert_array_equal(left, right)
    assert (one.path / "history.csv").read_text() == (other.path / "history.csv").read_text()
    for key in ("pairs", "retrieval", "classes"):
        assert one.metrics[key] == other.metrics[key]


@pytest.mark.slow
def test_an_interrupted_run_ends_as_an_uninterrupted_one(whole: TrainedRun, cut: Path) -> None:
    """Which one seed must train twice to the same bit, up to where the one was cut."""
    assert whole.path.name == "few-1"
    with pytest.raises(RunError, match="was interrupted before it was whole"):
        find_run("cut")
    said: list[str] = []
    resumed = train_run(DataChoice(), TrainChoice(), name="cut", resume=True, notice=said.append)
    assert resumed.path.is_dir() and not cut.exists()
    assert_same(whole, resumed)
    timed = load_config(whole.path).precision is not None
    assert timed == any(re.match(r"About \d+ s left: \d+ steps of ", line) for line in said)


@pytest.mark.slow
def test_a_training_of_sampled_pairs_goes_on_as_an_uninterrupted_one(
    few: DataChoice, runs: Path
) -> None:
    overrides = {"epochs": "2", "optimizer": "adamw"}
    choice = TrainChoice(preset="quick", overrides=overrides, pairs="sampled")
    with pytest.raises(KeyboardInterrupt):
        train_run(few, choice, name="cut", progress=interrupt_at(0.9))
    for name, resume in (("cut", True), ("whole", False)):
        with pytest.raises(KeyboardInterrupt):
            train_run(few, choice, name=name, resume=resume, progress=stop_before_the_index)
    cut, whole = runs / "cut.partial", runs / "whole.partial"
    for left, right in zip(weights(cut), weights(whole), strict=True):
        np.testing.assert_array_equal(left, right)
    assert (cut / "history.csv").read_text() == (whole / "history.csv").read_text()


def test_a_run_being_trained_is_left_alone(few: DataChoice, cut: Path) -> None:
    with hold_run(cut), pytest.raises(RunError, match="being trained right now"):
        train_run(few, SHORT, name="cut", resume=True)


def test_a_damaged_checkpoint_is_refused(few: DataChoice, cut: Path) -> None:
    checkpoint = cut / "checkpoint.npz"
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    with pytest.raises(RunError, match="cannot be used to go on"):
        train_run(few, SHORT, name="cut", resume=True)


@pytest.mark.parametrize(
    ("now", "old", "error"),
    [
        ("weight_decay =", "average = 0.9\nweight_decay =", "'cut' was begun with average=0.9"),
        ('tower = "small"', 'tower = "resnet"', "tower cannot be 'resnet'"),
    ],
)
def test_a_run_of_what_siam_no_longer_has_is_not_gone_on_with(
    few: DataChoice, cut: Path, now: str, old: str, error: str
) -> None:
    config = cut / "config.toml"
    text = config.read_text()
    assert text.count(now) == 1
    config.write_text(text.replace(now, old))
    with pytest.raises(SiamError, match=error):
        train_run(few, SHORT, name="cut", resume=True)


@pytest.mark.parametrize("recorded", [True, False])
def test_one_that_goes_on_elsewhere_says_what_is_left_by_a_step_timed_here(
    few: DataChoice, cut: Path, recorded: bool
) -> None:
    config, said = cut / "config.toml", list[str]()
    plain, table, times = config.read_text().partition("[precision]")
    elsewhere = re.sub("(?m)^device = .*$", 'device = "elsewhere"', table + times)
    config.write_text(plain + elsewhere if recorded else plain)
    with pytest.raises(KeyboardInterrupt):
        train_run(
            few,
            SHORT,
            name="cut",
            resume=True,
            progress=interrupt_before("Building"),
            notice=said.append,
        )
    assert [text for text in said if re.match(r"About .* left: \d+ steps of 0\.01 s\.", text)]
    assert "s a step" not in said[0]  # which was measured elsewhere
    assert (elsewhere in config.read_text()) == recorded


def test_an_interrupted_name_is_not_begun_again(few: DataChoice, cut: Path) -> None:
    with pytest.raises(RunError, match="--resume --name cut"):
        train_run(few, SHORT, name="cut")


@pytest.mark.parametrize(
    ("stage", "kept", "begun"),
    [
        ("Reading the data set", "nothing was changed", False),
        ("Compiling", "nothing was learned", True),
    ],
    ids=["reading", "compiling"],
)
def test_what_never_learned_says_so(
    few: DataChoice, runs: Path, stage: str, kept: str, begun: bool
) -> None:
    with pytest.raises(KeyboardInterrupt, match=kept):
        train_run(few, SHORT, name="cut", progress=interrupt_before(stage))
    assert (runs / "cut.partial" / "config.toml").exists() is begun


@pytest.mark.slow
def test_a_run_cut_after_training_is_exported_again_or_answers_by_keras(
    few: DataChoice, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from siam.siamese import export

    folder = runs / "cut.partial"
    with pytest.raises(KeyboardInterrupt, match="up to the end of epoch 4"):
        train_run(few, SHORT, name="cut", progress=stop_before_the_index)
    assert (folder / ENCODER_FILE).exists()
    monkeypatch.setattr(export, "LARGEST_DIFFERENCE", -1.0)
    said: list[str] = []

    def progress(what: str, done: int, total: int) -> None:
        said.append(what)
        stop_before_the_index(what, done, total)

    with pytest.raises(KeyboardInterrupt):
        train_run(few, SHORT, resume=True, progress=progress, notice=said.append)
    assert "Training" not in said
    assert any("does not answer as Keras does" in line for line in said)
    assert not (folder / ENCODER_FILE).exists()
    encoder = open_encoder(folder)
    assert isinstance(encoder, KerasEncoder)
    assert encoder.encode(np.zeros((2, 28, 28), np.uint8)).shape == (2, 64)


@pytest.mark.parametrize("learned", [False, True])
def test_a_divergence_leaves_a_run_only_where_something_was_learned(
    few: DataChoice, runs: Path, monkeypatch: pytest.MonkeyPatch, learned: bool
) -> None:
    def diverge(plan: TrainingPlan, *_: object) -> None:
        if learned:
            (plan.folder / CHECKPOINT_FILE).touch()
        raise DivergenceError("The loss became NaN.")

    monkeypatch.setattr(train, "fit", diverge)
    with pytest.raises(DivergenceError):
        train_run(few, SHORT, name="wild")
    assert [run.name for run in list_runs()] == (["wild"] if learned else [])
    assert learned or list(runs.iterdir()) == []
