"""How far a training has come, from files that may be anybody's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from siam.errors import RunError
from siam.run_files import CHECKPOINT_FILE, HISTORY_FILE
from siam.training.position import Position, read_history, read_position


def test_no_checkpoint_is_the_beginning(tmp_path: Path) -> None:
    assert read_position(tmp_path) == Position()


@pytest.mark.parametrize(
    "arrays",
    [
        {},
        {"history": np.zeros(3)},
        {"history": np.frombuffer(b"[" * 9, np.uint8), "seconds": np.array(1.0)},
        {"history": np.frombuffer(b"[]", np.uint8), "seconds": np.array("soon")},
        {"history": np.frombuffer(b"[]", np.uint8), "seconds": np.zeros(3)},
        {"history": np.frombuffer(b"{}", np.uint8), "seconds": np.array(1.0)},
        {"history": np.frombuffer(b'[{"loss": []}]', np.uint8), "seconds": np.array(1.0)},
        *(
            {"history": np.frombuffer(told, np.uint8), "seconds": np.array(1.0)}
            for told in (b'[{"epoch": 2}]', b'[{"epoch": NaN}]', b'[{"epoch": 1}, {"epoch": 1}]')
        ),
        *(
            {"history": np.frombuffer(b"[]", np.uint8), "seconds": np.array(1.0), name: value}
            for name, value in (
                ("seconds", np.array(np.nan)),
                ("seconds", np.array(-1)),
                ("step", np.array(-1)),
            )
        ),
    ],
)
def test_a_checkpoint_that_is_none_is_one_error(
    tmp_path: Path, arrays: dict[str, np.ndarray]
) -> None:
    np.savez(tmp_path / CHECKPOINT_FILE, **arrays)
    with pytest.raises(RunError, match="cannot be used to go on") as caught:
        read_position(tmp_path)
    assert "train the run again" in caught.value.cure


@pytest.mark.parametrize("content", [b"epoch,loss\n1,low\n", b"\xff", b"a\n1,2,3\n"])
def test_a_history_that_is_none_is_one_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / HISTORY_FILE).write_bytes(content)
    with pytest.raises(RunError, match="history.csv cannot be read"):
        read_history(tmp_path)


def test_a_history_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="history.csv cannot be read"):
        read_history(tmp_path)
