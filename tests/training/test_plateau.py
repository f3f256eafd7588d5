"""What epoch comes next follows from the history alone: a resumed training takes the same ones."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest

from siam.datasets.digits import load_digits
from siam.recipe import AugmentPolicy, Recipe
from siam.run_files import CHECKPOINT_FILE
from siam.siamese.unit_length import unit_length
from siam.training import plateau
from siam.training.plateau import STRIDE, next_epoch
from siam.training.position import HistoryRow, read_history, read_position


def trained(
    loss: Callable[[int], float], *, epochs: int, plateau_after: int = 0, patience: int = 0
) -> list[int]:
    """Return the epochs, from 1, that are trained where epoch n has the validation loss(n)."""
    history: list[HistoryRow] = []
    while True:
        epoch = next_epoch(history, epochs=epochs, plateau_after=plateau_after, patience=patience)
        if epoch == epochs:
            return [int(row["epoch"]) for row in history]
        history.append({"epoch": epoch + 1, "val_loss": loss(epoch + 1)})


@pytest.mark.parametrize(
    ("losses", "patience", "expected"),
    [
        ([], 2, 0),
        ([0.5, 0.4, 0.3], 1, 3),
        ([0.3, 0.4], 1, 9),
        ([0.3, 0.4], 2, 2),
        ([0.3, 0.4, 0.35], 2, 9),
        ([0.3, 0.4, 0.2], 2, 3),
        ([0.3, 0.4, 0.5, 0.6], 0, 4),
    ],
)
def test_patience_ends_a_training(losses: list[float], patience: int, expected: int) -> None:
    history = [{"epoch": i + 1, "val_loss": loss} for i, loss in enumerate(losses)]
    assert next_epoch(history, epochs=9, plateau_after=0, patience=patience) == expected


def test_every_epoch_is_trained_while_validation_gains() -> None:
    assert trained(lambda epoch: 1 - epoch / 60, epochs=60, plateau_after=5) == list(range(1, 61))


def test_every_epoch_is_trained_where_no_plateau_is_looked_for() -> None:
    assert trained(lambda epoch: 1.0, epochs=60) == list(range(1, 61))


def test_what_is_left_after_a_plateau_is_hurried_through_to_the_very_last_epoch() -> None:
    # Epoch 8 is the last that gains; of 12 epochs a third follow, and two are taken together.
    found = trained(lambda epoch: 1 - min(epoch, 8) / 10, epochs=100, plateau_after=4)
    strides = np.diff(found)
    first = int(np.flatnonzero(strides > 1)[0])
    assert 12 <= found[first] <= 14
    assert set(strides[:first]) == {1}
    assert set(strides[first:-1]) == {STRIDE}
    assert found[-1] == 100
    assert 1 <= strides[-1] <= STRIDE


def test_a_gain_while_it_hurries_changes_nothing() -> None:
    flat = trained(lambda epoch: 1.0, epochs=80, plateau_after=8)
    assert trained(lambda epoch: 1.0 if epoch < 20 else 0.1, epochs=80, plateau_after=8) == flat


def test_noise_is_no_plateau() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.01, 201)
    found = trained(lambda epoch: 1 - epoch / 250 + noise[epoch], epochs=200, plateau_after=50)
    assert found == list(range(1, 201))


def flat_tower(input_shape: tuple[int, ...]) -> keras.Model:
    """The smallest tower there is, compiled in a second."""
    inputs = keras.Input(input_shape)
    x = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(inputs))
    x = keras.layers.BatchNormalization()(keras.layers.Dense(8)(x))
    return keras.Model(inputs, unit_length(x, name="embedding"))


def flat_training(
    folder: Path, *, on_device: bool = False, cut_at: float = 2.0
) -> tuple[list[int], dict[str, np.ndarray]]:
    """Train on digits whose validation is told to gain nothing from the third of 20 epochs on.

    Returns:
        The epochs that were trained, and what the checkpoint holds.
    """
    from siam.siamese.training import train_network

    digits = load_digits().train.take(np.arange(64))
    recipe = Recipe(
        epochs=20,
        classes_per_batch=8,
        pictures_per_class=4,
        optimizer="adamw",
        precision="float32",
        augment=AugmentPolicy(rotation=10.0),
        clean_epochs=0.5,
        hard_example_share=0.5,
        plateau_after=3,
    )

    def progress(what: str, done: int, total: int) -> None:
        if what == "Training" and done / total >= cut_at:
            raise KeyboardInterrupt

    with contextlib.suppress(KeyboardInterrupt):
        train_network(
            digits,
            digits,
            recipe=recipe,
            seed=0,
            folder=folder,
            on_device=on_device,
            build=flat_tower,
            progress=progress,
        )
    with np.load(folder / CHECKPOINT_FILE) as state:
        kept = {name: state[name] for name in state if name not in ("seconds", "history")}
    return [int(row["epoch"]) for row in read_history(folder)], kept


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the losses, they are on a plateau."""
    monkeypatch.setattr(plateau, "_plateau", lambda losses: True)


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize(
    "on_device",
    [False, pytest.param(True, marks=pytest.mark.slow)],
    ids=["fed", "on_device"],
)
def test_a_hurried_training_that_was_cut_ends_as_one_in_one_go(
    tmp_path: Path, on_device: bool
) -> None:
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
    epochs, whole = flat_training(tmp_path / "whole", on_device=on_device)
    assert epochs == [1, 2, 3, 7, 11, 15, 19, 20]
    # The optimizer's own count of steps, by which the rate follows the plan to its very end.
    assert 40 in [int(value) for name, value in whole.items() if name.startswith("optimizer_0")]
    cut, _ = flat_training(tmp_path / "cut", on_device=on_device, cut_at=0.52)
    # On the device all steps of an epoch are one call, after which alone it can be cut.
    assert cut == ([1, 2, 3, 7, 11] if on_device else [1, 2, 3, 7])
    assert read_position(tmp_path / "cut").step == (not on_device)
    ended, resumed = flat_training(tmp_path / "cut", on_device=on_device)
    assert ended == epochs
    assert whole.keys() == resumed.keys()
    for name, values in whole.items():
        np.testing.assert_array_equal(values, resumed[name], err_msg=name)
