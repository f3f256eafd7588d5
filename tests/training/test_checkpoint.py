"""The checkpoint: a restored training takes the very steps that the uninterrupted one takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest

from siam.errors import RunError
from siam.progress import silent
from siam.training.callbacks import ProgressReport
from siam.training.checkpoint import Checkpoint, RestOfEpoch, restore
from siam.training.position import Position, read_history, read_position, write_history

PICTURES = np.random.default_rng(0).random((8, 6)).astype(np.float32)
WANTED = np.arange(8, dtype=np.float32)[:, np.newaxis] / 8


def make_model(*, units: int = 5, seed: int = 3) -> keras.Model:
    """A network whose dropout and optimizer both have a state of their own."""
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.Input((6,)), keras.layers.Dense(units), keras.layers.Dropout(0.5, seed=seed)]
    )
    model.add(keras.layers.Dense(1))
    model.compile(optimizer=keras.optimizers.Adam(0.1), loss="mse", run_eagerly=True)
    return model


class Feed(keras.utils.PyDataset):
    """Four steps of two pictures."""

    def __len__(self) -> int:
        return len(PICTURES) // 2

    def __getitem__(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        part = slice(2 * step, 2 * step + 2)
        return PICTURES[part], WANTED[part]


def train(
    model: keras.Model,
    folder: Path,
    *,
    epochs: int,
    every: float = 60,
    progress: Callable[[str, int, int], None] = silent,
) -> list[np.ndarray]:
    """Train up to an epoch, from the checkpoint if there is one; return the weights."""
    position = restore(model, model, folder)
    checkpoint = Checkpoint(model, folder, position, every=every)
    feed = Feed()
    while len(position.history) < epochs:
        first, done = checkpoint.step, len(position.history)
        report = ProgressReport(
            progress, steps=len(feed), epochs=epochs, first=first, stopped=checkpoint.save
        )
        model.fit(
            RestOfEpoch(feed, first),
            validation_data=(PICTURES, WANTED),
            initial_epoch=done,
            epochs=done + 1 if first else epochs,
            shuffle=False,
            verbose=0,
            callbacks=[checkpoint, report],
        )
    return [np.asarray(weight) for weight in model.get_weights()]


def press_at(step: int) -> Callable[[str, int, int], None]:
    """Return a progress that presses Ctrl-C after a step."""

    def progress(what: str, done: int, total: int) -> None:
        if what == "Training" and done == step:
            raise KeyboardInterrupt

    return progress


@pytest.mark.parametrize(
    "step", [6, *(pytest.param(step, marks=pytest.mark.slow) for step in (1, 4, 8, 12))]
)
def test_a_restored_training_with_dropout_ends_as_an_uninterrupted_one(
    tmp_path: Path, step: int
) -> None:
    """What the next step leaves out is part of the state, as are moments and the epoch's sums."""
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    whole.mkdir()
    cut.mkdir()
    expected = train(make_model(), whole, epochs=3)
    with pytest.raises(KeyboardInterrupt):
        train(make_model(), cut, epochs=3, progress=press_at(step))
    position = read_position(cut)
    assert (len(position.history), position.step) == divmod(step, 4)
    # Another seed: all that the restored one knows, it has from the checkpoint.
    for left, right in zip(train(make_model(seed=4), cut, epochs=3), expected, strict=True):
        np.testing.assert_array_equal(left, right)
    assert read_history(cut) == read_history(whole)
    assert [row["epoch"] for row in read_history(cut)] == [1, 2, 3]


def test_a_long_epoch_is_kept_as_it_goes(tmp_path: Path) -> None:
    """An epoch's last step is left to the epoch's own checkpoint, validation and all."""
    seen = []

    def progress(what: str, done: int, total: int) -> None:
        if what == "Training":
            position = read_position(tmp_path)
            seen.append((len(position.history), position.step))

    train(make_model(), tmp_path, epochs=2, every=0, progress=progress)
    assert seen == [(0, 1), (0, 2), (0, 3), (1, 0), (1, 1), (1, 2), (1, 3), (2, 0)]


def test_a_state_that_diverged_does_not_replace_the_checkpoint(tmp_path: Path) -> None:
    model = make_model()
    train(model, tmp_path, epochs=1)
    checkpoint = Checkpoint(model, tmp_path, read_position(tmp_path))
    checkpoint.set_model(model)
    good = (tmp_path / "checkpoint.npz").read_bytes()
    model.set_weights([np.full_like(weight, np.nan) for weight in model.get_weights()])
    checkpoint.save()
    assert (tmp_path / "checkpoint.npz").read_bytes() == good


def test_without_a_checkpoint_there_is_no_history(tmp_path: Path) -> None:
    model = make_model()
    assert restore(model, model, tmp_path) == Position()


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    train(make_model(), tmp_path, epochs=1)
    other = make_model(units=4)
    with pytest.raises(RunError, match="cannot be used to go on"):
        restore(other, other, tmp_path)


def test_a_checkpoint_beyond_its_epoch_is_refused(tmp_path: Path) -> None:
    def stop(what: str, done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(make_model(), tmp_path, epochs=1, progress=stop)
    model = make_model()
    assert restore(model, model, tmp_path, steps=4).step == 3
    with pytest.raises(RunError, match="it took 3 of 3 steps"):
        restore(model, model, tmp_path, steps=3)


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


def test_a_history_that_is_behind_its_checkpoint_is_written_again(tmp_path: Path) -> None:
    model = make_model()
    train(model, tmp_path, epochs=2)
    rows = read_history(tmp_path)
    (tmp_path / "history.csv").unlink()  # killed before it was there
    restore(model, model, tmp_path)
    assert read_history(tmp_path) == rows and len(rows) == 2
