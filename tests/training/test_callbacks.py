"""A loss that is no number stops a training at once; TensorBoard reads what was logged."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from siam.errors import DivergenceError
from siam.training.callbacks import ProgressReport, StopOnDivergence, TensorBoardLog


def test_tensorboard_reads_what_was_logged(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    log = TensorBoardLog(tmp_path)
    log.on_epoch_end(0, {"loss": 0.5})
    log.on_epoch_end(1, {"loss": 0.25})
    log.on_train_end()
    read = EventAccumulator(str(tmp_path), size_guidance={"tensors": 0}).Reload()
    found = [(event.step, event.tensor_proto.float_val[0]) for event in read.Tensors("loss")]
    assert found == [(1, 0.5), (2, 0.25)]


def linear() -> keras.Model:
    """Predict a number from a number, compiled for steps of one each."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(0.01), loss="mse", run_eagerly=True)
    return model


@pytest.mark.parametrize(
    ("poison", "word"), [(float("nan"), "NaN"), (float("inf"), "infinite")], ids=["nan", "inf"]
)
def test_a_loss_that_is_no_number_stops_at_its_step(poison: float, word: str) -> None:
    values = np.array([[1.0], [1.0], [poison], [1.0]], np.float32)
    taken: list[int] = []
    report = ProgressReport(lambda *words: taken.append(words[1]), steps=4, epochs=2)
    with pytest.raises(DivergenceError) as caught:
        linear().fit(
            np.ones((4, 1), np.float32),
            values,
            batch_size=1,
            epochs=2,
            shuffle=False,
            verbose=0,
            callbacks=[StopOnDivergence(0.01), report],
        )
    assert f"became {word} at step 3 of epoch 1" in caught.value.problem
    assert "learning_rate=0.003" in caught.value.cure
    assert caught.value.exit_code == 4
    assert taken == [0, 1, 2]  # 0: before the first one is compiled


def test_a_validation_that_is_no_number_stops_too() -> None:
    ones = np.ones((4, 1), np.float32)
    with pytest.raises(DivergenceError, match="step 4 of epoch 1"):
        linear().fit(
            ones,
            ones,
            batch_size=1,
            validation_data=(ones, ones * np.nan),
            verbose=0,
            callbacks=[StopOnDivergence(0.01)],
        )


def test_each_step_tells_its_epoch_and_its_loss() -> None:
    told: list[tuple[str, str, int, int]] = []

    def progress(what: str, done: int, total: int) -> None:
        told.append((what, getattr(what, "detail", ""), done, total))

    ones = np.ones((3, 1), np.float32)
    linear().fit(
        ones,
        ones,
        batch_size=1,
        initial_epoch=1,
        epochs=2,
        verbose=0,
        callbacks=[ProgressReport(progress, steps=5, epochs=2, first=2)],
    )
    assert told[0] == ("Compiling the first step", "", 0, 0)
    assert [(what, done, total) for what, _, done, total in told[1:]] == [
        ("Training", 8, 10),
        ("Training", 9, 10),
        ("Training", 10, 10),
    ]
    assert all(detail.startswith("epoch 2 of 2, loss ") for _, detail, _, _ in told[1:])
