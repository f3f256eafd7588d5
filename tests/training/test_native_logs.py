"""Chatter from C++ stays off the screen; errors, and all else, come through."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from siam.training.native_logs import is_chatter, quiet_native_logs


@pytest.mark.parametrize(
    "line",
    [
        "",
        "INFO: Created TensorFlow Lite XNNPACK delegate for CPU.",
        "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
        "I0000 00:00:1795489021.643999   15612 port.cc:153] oneDNN custom operations are on.",
        "W0000 00:00:1795489021.643999   15612 a.cc:1] something slow",
        "2026-11-24 03:10:11.123456: I tensorflow/core/util/port.cc:153] oneDNN",
        "To enable the following instructions: AVX2 FMA, in other operations, rebuild",
        "fully_quantize: 0, inference_type: 6, input_inference_type: FLOAT32",
        "E0000 00:00:1.1 1 cuda_platform.cc:52] failed call to cuInit: INTERNAL: CUDA error: "
        "Failed call to cuInit: UNKNOWN ERROR (303)",
    ],
)
def test_what_tells_the_user_nothing_is_chatter(line: str) -> None:
    assert is_chatter(line)


@pytest.mark.parametrize(
    "line",
    [
        "E0000 00:00:1795489021.643999 15612 cuda_dnn.cc:8310] Could not create cudnn handle",
        "E0000 00:00:1.1 1 cuda_platform.cc:52] failed call to cuInit: CUDA_ERROR_UNKNOWN (999)",
        "F0000 00:00:1.1 1 check.cc:1] Check failed",
        "ERROR: Node number 3 (CONV_2D) failed to prepare.",
        "Traceback (most recent call last):",
        "terminate called after throwing an instance of 'std::bad_alloc'",
    ],
)
def test_what_may_matter_is_none(line: str) -> None:
    assert not is_chatter(line)


def test_errors_come_through_as_they_were_written(capfd: pytest.CaptureFixture[str]) -> None:
    with quiet_native_logs():
        os.write(2, b"INFO: hello\nERROR: a real one\nhalf a line")
    assert capfd.readouterr().err == "ERROR: a real one\nhalf a line"


def test_they_come_through_when_the_block_fails(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="no"), quiet_native_logs():
        os.write(2, b"I0000 chatter\nERROR: why\n")
        raise ValueError("no")
    assert capfd.readouterr().err == "ERROR: why\n"


def test_blocks_may_overlap_in_threads(capfd: pytest.CaptureFixture[str]) -> None:
    inside, outside = threading.Event(), threading.Event()

    def first_in_first_out() -> None:
        with quiet_native_logs():
            inside.set()
            outside.wait(10)
            os.write(2, b"INFO: of the first\n")

    thread = threading.Thread(target=first_in_first_out)
    thread.start()
    inside.wait(10)
    with quiet_native_logs():
        outside.set()
        thread.join(10)
        os.write(2, b"INFO: of the second\n")
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == "afterwards\n"


def test_without_a_standard_error_nothing_breaks() -> None:
    script = (
        "import os; os.close(2)\n"
        "from siam.training.native_logs import quiet_native_logs\n"
        "with quiet_native_logs(): print('went on')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout.split() == [b"went", b"on"]


@pytest.mark.slow
def test_importing_keras_says_nothing() -> None:
    script = (
        "from siam.training.native_logs import quiet_native_logs\n"
        "with quiet_native_logs(): import keras\n"
        "import numpy\n"
        "model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])\n"
        "model.predict(numpy.ones((1, 2)), verbose=0)\n"
    )
    environment = {
        name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"
    }
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stderr == ""
