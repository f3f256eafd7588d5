"""Keep Pillow's warnings of odd files off the screen, from any number of threads at once."""

from __future__ import annotations

import threading
import warnings

__all__ = ["pillow_warnings_ignored"]


class _Ignored:
    """Blocks that ignore warnings, of several threads at a time: they share one turn."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._block = warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._block = warnings.catch_warnings()
                self._block.__enter__()
                warnings.simplefilter("ignore")

    def __exit__(self, *raised: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._block.__exit__(None, None, None)


_ignored = _Ignored()


def pillow_warnings_ignored() -> _Ignored:
    """Return a block in which warnings are ignored, for `with`.

    `warnings.catch_warnings` alone puts the filters back that it found: of two threads, the later
    one finds those of the first, and the process would ignore every warning from then on.
    """
    return _ignored
