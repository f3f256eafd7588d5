"""The checkpoint: a restored training takes the very steps that the uninterrupted one takes."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from siam.errors import RunError
from siam.training.checkpoint import Checkpoint, read_history, restore, write_history

PICTURES = np.random.default_rng(0).random((8, 6)).astype(np.float32)
WANTED = np.arange(8, dtype=np.float32)[:, np.newaxis] / 8


def make_model(*, units: int = 5, seed: int = 3) -> keras.Model:
    """A network whose dropout and optimizer both have a state of their own."""
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.Input((6,)), keras.layers.Dense(units), keras.layers.Dropout(0.5)]
    )
    model.add(keras.layers.Dense(1))
    model.compile(optimizer=keras.optimizers.Adam(0.1), loss="mse", run_eagerly=True)
    return model


def train(model: keras.Model, folder: Path, *, epochs: int) -> list[np.ndarray]:
    """Train up to an epoch, from the checkpoint if there is one; return the weights."""
    history, seconds = restore(model, model, folder)
    model.fit(
        PICTURES,
        WANTED,
        batch_size=4,
        initial_epoch=len(history),
        epochs=epochs,
        shuffle=False,
        verbose=0,
        callbacks=[Checkpoint(model, folder, history, seconds)],
    )
    return [np.asarray(weight) for weight in model.get_weights()]


def test_a_restored_training_with_dropout_ends_as_an_uninterrupted_one(tmp_path: Path) -> None:
    """What the next step leaves out is part of the state, as are the optimizer's moments."""
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    whole.mkdir()
    cut.mkdir()
    expected = train(make_model(), whole, epochs=3)
    train(make_model(), cut, epochs=1)
    # Another seed: all that the restored one knows, it has from the checkpoint.
    for left, right in zip(train(make_model(seed=4), cut, epochs=3), expected, strict=True):
        np.testing.assert_array_equal(left, right)
    assert read_history(cut) == read_history(whole)
    assert [row["epoch"] for row in read_history(cut)] == [1, 2, 3]


def test_without_a_checkpoint_there_is_no_history(tmp_path: Path) -> None:
    model = make_model()
    assert restore(model, model, tmp_path) == ([], 0.0)


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    train(make_model(), tmp_path, epochs=1)
    other = make_model(units=4)
    with pytest.raises(RunError, match="cannot be used to go on"):
        restore(other, other, tmp_path)


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    train(make_model(), tmp_path, epochs=1)
    path = tmp_path / "checkpoint.npz"
    path.write_bytes(path.read_bytes()[:-100])
    model = make_model()
    with pytest.raises(RunError, match="cannot be used to go on"):
        restore(model, model, tmp_path)


def test_a_figure_that_an_epoch_lacks_is_left_out_of_its_row(tmp_path: Path) -> None:
    rows = [{"epoch": 1.0, "loss": 0.5}, {"epoch": 2.0, "loss": 0.25, "val_loss": 0.75}]
    write_history(tmp_path, rows)
    assert read_history(tmp_path) == rows
