"""Several steps in one call give the numbers of single ones, and are counted as they are."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from siam.training.callbacks import ProgressReport
from siam.training.checkpoint import Checkpoint, RestOfEpoch, restore
from siam.training.steps_in_one_call import LoopedModel, steps_per_call

STEPS = 7
PICTURES = np.random.default_rng(0).random((2 * STEPS, 6)).astype(np.float32)
WANTED = PICTURES.sum(axis=1, keepdims=True)
COMPILED = keras.backend.backend() == "jax"
several = pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="PyTorch's trainer takes one step a call"
)


class Feed(keras.utils.PyDataset):
    """Seven steps of two rows each."""

    def __len__(self) -> int:
        return STEPS

    def __getitem__(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        part = slice(2 * step, 2 * step + 2)
        return PICTURES[part], WANTED[part]


def train(
    folder: Path, together: int, *, epochs: int = 2, stop_after: int | None = None
) -> tuple[list[np.ndarray], list[dict[str, float]], list[int]]:
    """Train with so many steps in a call; return weights, history and the steps reported."""
    keras.utils.set_random_seed(3)
    inputs = keras.Input((6,))
    hidden = keras.layers.Dropout(0.3)(keras.layers.Dense(5, activation="relu")(inputs))
    model = LoopedModel(inputs, keras.layers.Dense(1)(hidden))
    model.compile(
        optimizer=keras.optimizers.Adam(0.01),
        loss="mse",
        jit_compile=COMPILED,
        steps_per_execution=together,
    )
    folder.mkdir(exist_ok=True)
    position = restore(model, model, folder)
    checkpoint = Checkpoint(model, folder, position)
    reported: list[int] = []

    def progress(what: str, done: int, total: int) -> None:
        if total:
            reported.append(done)
        if done == stop_after:
            raise KeyboardInterrupt

    while len(position.history) < epochs:
        first, done = checkpoint.step, len(position.history)
        report = ProgressReport(
            progress, steps=STEPS, epochs=epochs, first=first, stopped=checkpoint.save
        )
        model.fit(
            RestOfEpoch(Feed(), first),
            validation_data=Feed(),
            initial_epoch=done,
            epochs=done + 1 if first else epochs,
            shuffle=False,
            verbose=0,
            callbacks=[checkpoint, report],
        )
    weights = [np.asarray(weight) for weight in model.get_weights()]
    return weights, [dict(row) for row in position.history], reported


@pytest.fixture(scope="module")
def alone(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[list[np.ndarray], list[dict[str, float]]]:
    """Weights and history of a training by single steps."""
    weights, history, _ = train(tmp_path_factory.mktemp("single"), 1)
    return weights, history


@several
@pytest.mark.parametrize("together", [3, 7, 32])
def test_steps_in_one_call_give_the_numbers_of_single_steps(
    together: int, tmp_path: Path, alone: tuple[list[np.ndarray], list[dict[str, float]]]
) -> None:
    expected, single = alone
    found, history, reported = train(tmp_path / "together", together)
    for left, right in zip(found, expected, strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-5, atol=1e-6)
    for row, other in zip(history, single, strict=True):
        assert row == pytest.approx(other, rel=1e-5)
    ends = [*range(together, STEPS, together), STEPS]
    assert reported == [STEPS * epoch + end for epoch in range(2) for end in ends]


@several
def test_a_training_cut_between_two_calls_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    expected, whole, _ = train(tmp_path / "whole", 3)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "cut", 3, stop_after=STEPS + 6)
    found, history, reported = train(tmp_path / "cut", 3)
    assert reported == [2 * STEPS]
    for left, right in zip(found, expected, strict=True):
        np.testing.assert_array_equal(left, right)
    assert history == whole


def test_one_step_is_taken_where_no_trainer_takes_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    assert steps_per_call(2_000_000_000) == 32
    with monkeypatch.context() as patch:
        patch.setattr("siam.training.steps_in_one_call.shares_batches", lambda: True)
        assert steps_per_call(2_000_000_000) == 1
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    assert steps_per_call(2_000_000_000) == 1
