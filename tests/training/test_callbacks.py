"""Early stopping looks at the history alone, so that a resumed training stops where it should."""

from __future__ import annotations

from pathlib import Path

import pytest

from siam.training.callbacks import TensorBoardLog, stale


@pytest.mark.parametrize(
    ("losses", "patience", "expected"),
    [
        ([], 2, False),
        ([0.5, 0.4, 0.3], 1, False),
        ([0.3, 0.4], 1, True),
        ([0.3, 0.4], 2, False),
        ([0.3, 0.4, 0.35], 2, True),
        ([0.3, 0.4, 0.2], 2, False),
        ([0.3, 0.4, 0.5, 0.6], 0, False),
    ],
)
def test_stale(losses: list[float], patience: int, expected: bool) -> None:
    assert stale([{"val_loss": loss} for loss in losses], patience) is expected


def test_tensorboard_reads_what_was_logged(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    log = TensorBoardLog(tmp_path)
    log.on_epoch_end(0, {"loss": 0.5})
    log.on_epoch_end(1, {"loss": 0.25})
    log.on_train_end()
    read = EventAccumulator(str(tmp_path), size_guidance={"tensors": 0}).Reload()
    found = [(event.step, event.tensor_proto.float_val[0]) for event in read.Tensors("loss")]
    assert found == [(1, 0.5), (2, 0.25)]
