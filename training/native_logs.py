"""Keep the log lines that TensorFlow and LiteRT write from C++ off the user's screen.

They are written to file descriptor 2 before Python can set a level, so the descriptor itself is
turned aside for a moment. What is not known chatter (a real error, above all) is passed on.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from typing import IO

from siam.progress import Progress, silent

__all__ = ["is_chatter", "quiet_native_logs"]

# glog's "I0000 ..." and "W0000 ...", LiteRT's "INFO: ..." and "WARNING: ...", absl's preface, the
# converter's summary, and that a computer without NVIDIA's driver has none (CUDA's error 303).
CHATTER = re.compile(
    r"^(?:[IW]\d{4} |INFO: |VERBOSE: |WARNING: All log messages before absl|"
    r"WARNING: Attempting to use a delegate|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: [IW] |"
    r"To enable the following instructions: |fully_quantize: |"
    r".*failed call to cuInit: .*\(303\))"
)

BACKENDS = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}


def is_chatter(line: str) -> bool:
    """Say whether a line is a runtime's notice that tells the user nothing.

    Example:
        >>> is_chatter("INFO: Created TensorFlow Lite XNNPACK delegate for CPU.")
        True
        >>> is_chatter("E0000 00:00:1 1 cuda.cc:1] failed call to cuInit")
        False
    """
    return not line.strip() or CHATTER.match(line) is not None


class _Aside:
    """Standard error turned aside; blocks of several threads share one turn."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._saved = -1
        self._held: IO[bytes] | None = None

    def enter(self) -> None:
        """Turn file descriptor 2 to a file, unless another block did; do nothing without one."""
        with self._lock:
            self._inside += 1
            if self._inside > 1:
                return
            try:
                sys.stderr.flush()
                self._saved = os.dup(2)
            except (AttributeError, OSError, ValueError):
                return
            self._held = tempfile.TemporaryFile()  # noqa: SIM115  (closed by the last to leave)
            os.dup2(self._held.fileno(), 2)

    def leave(self) -> None:
        """Turn it back when the last block ends, and pass on what is no chatter."""
        with self._lock:
            self._inside -= 1
            if self._inside or self._held is None:
                return
            with contextlib.suppress(AttributeError, OSError, ValueError):
                sys.stderr.flush()
            os.dup2(self._saved, 2)
            os.close(self._saved)
            with self._held as held:
                held.seek(0)
                lines = held.read().splitlines(keepends=True)
            self._held = None
            kept = b"".join(line for line in lines if not is_chatter(line.decode(errors="replace")))
            with contextlib.suppress(OSError):
                os.write(2, kept)


_aside = _Aside()


@contextlib.contextmanager
def quiet_native_logs(progress: Progress = silent) -> Iterator[None]:
    """Hold back what is written to file descriptor 2 in the block; pass on what is no chatter.

    It turns the whole process's standard error aside, so keep the block short: an import, the
    making of an interpreter. Blocks may overlap in several threads. Where there is no standard
    error to turn aside, it does nothing. Where TensorFlow was imported in the block, it looks for
    GPUs there too: left to its first operation, it would complain of their absence then.

    Args:
        progress: told that Keras' backend is loaded, by a block that imports it.
    """
    if "keras" not in sys.modules:
        backend = os.environ.get("KERAS_BACKEND", "tensorflow")
        progress(f"Loading {BACKENDS.get(backend, backend)}", 0, 0)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("GLOG_minloglevel", "2")
    _aside.enter()
    known = "tensorflow" in sys.modules
    try:
        yield
        if not known and "tensorflow" in sys.modules:
            sys.modules["tensorflow"].config.list_physical_devices()
    finally:
        _aside.leave()
