"""The one family of errors that siam raises for what its user can mend.

    SiamError             70  never raised itself
    ├── UsageError         2  an option or argument cannot be meant that way
    ├── DataError          3  the input or data set cannot be read
    │   └── PictureError   3  one picture cannot be read
    ├── RunError           4  a run is missing, damaged or unfinished
    │   ├── DivergenceError 4  a training's loss became infinite or no number
    │   └── StoreError     4  an index is missing, damaged, or of another encoder
    │       └── BusyError  4  another process is writing to it, for longer than was waited
    ├── MissingExtraError  5  an optional part is not installed
    └── InternalError     70  a fault of siam's own; the command line alone raises it

What is no error has exit codes of its own: 0 done (`siam query`: a match; `siam verify`: the same),
1 no match, unsure or different, 130 interrupted. So a script can tell an answer from a fault.

Every error says the rule with the value received, and the cure. The command line prints both
and ends with `exit_code`; the library only raises.
"""

from __future__ import annotations

__all__ = [
    "DataError",
    "DivergenceError",
    "InternalError",
    "MissingExtraError",
    "PictureError",
    "RunError",
    "SiamError",
    "StoreError",
    "UsageError",
    "need_packages",
]


class SiamError(Exception):
    """What is wrong, with the value received, and the command or change that mends it.

    Args:
        problem: one line, the rule and the value that broke it.
        cure: one line, what to do; may be empty where the problem says it.
    """

    exit_code = 70

    def __init__(self, problem: str, cure: str = "") -> None:
        super().__init__(f"{problem}\n{cure}" if cure else problem)
        self.problem = problem
        self.cure = cure


class UsageError(SiamError):
    """An option or argument cannot be meant that way."""

    exit_code = 2


class DataError(SiamError):
    """The input or data set cannot be read."""

    exit_code = 3


class PictureError(DataError):
    """One picture cannot be read; among many it is reported and skipped."""


class RunError(SiamError):
    """A run is missing, damaged, unfinished or not made for this."""

    exit_code = 4


class NoRunError(RunError):
    """No run is finished yet."""


class DivergenceError(RunError):
    """A training's loss became infinite or no number; its last checkpoint is kept."""


class StoreError(RunError):
    """An index is missing, damaged, locked, or was filled by another encoder."""


class BusyError(StoreError):
    """Another process writes to an index and does not end; later the same will work."""


class AwayError(StoreError):
    """The server that holds an index does not answer; later the same will work."""


class MissingExtraError(SiamError):
    """An optional part is not installed.

    Args:
        what: what needs it, such as "siam train".
        extra: the pip extra that brings it, such as "train".
    """

    exit_code = 5

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(
            f"{what} needs the optional part '{extra}', which is not installed.",
            f"Install it:  pip install 'siam[{extra}]'",
        )
        self.extra = extra


class InternalError(SiamError):
    """A fault of siam's own: an error that nobody foresaw, of which its user can mend nothing."""


def need_packages(what: str, extra: str, *packages: str) -> None:
    """Say which extra is missing where a package is, before anything else is done.

    Args:
        what, extra: as for `MissingExtraError`.
        packages: names that are imported later.

    Raises:
        MissingExtraError: one of them is not installed.

    Example:
        >>> need_packages("siam query", "train", "numpy")
    """
    import importlib.util

    if not all(map(importlib.util.find_spec, packages)):
        raise MissingExtraError(what, extra)
