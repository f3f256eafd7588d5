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
from collections.abc import Iterator

__all__ = ["is_chatter", "quiet_native_logs"]

# glog's "I0000 ..." and "W0000 ...", LiteRT's "INFO: ..." and "WARNING: ...", and absl's preface.
CHATTER = re.compile(
    r"^(?:[IW]\d{4} |INFO: |VERBOSE: |WARNING: All log messages before absl|"
    r"WARNING: Attempting to use a delegate|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: [IW] |"
    r"To enable the following instructions: )"
)


def is_chatter(line: str) -> bool:
    """Say whether a line is a runtime's notice that tells the user nothing.

    Example:
        >>> is_chatter("INFO: Created TensorFlow Lite XNNPACK delegate for CPU.")
        True
        >>> is_chatter("E0000 00:00:1 1 cuda.cc:1] failed call to cuInit")
        False
    """
    return not line.strip() or CHATTER.match(line) is not None


@contextlib.contextmanager
def quiet_native_logs() -> Iterator[None]:
    """Hold back what is written to file descriptor 2 in the block; pass on what is no chatter.

    It turns the whole process's standard error aside, so keep the block short: an import, the
    making of an interpreter. Where there is no standard error to turn aside, it does nothing.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("GLOG_minloglevel", "2")
    try:
        sys.stderr.flush()
        saved = os.dup(2)
    except (AttributeError, OSError):
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                sys.stderr.flush()
            os.dup2(saved, 2)
            os.close(saved)
            held.seek(0)
            for line in held.read().decode(errors="replace").splitlines():
                if not is_chatter(line):
                    print(line, file=sys.stderr)
