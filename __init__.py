"""siam: Siamese similarity search, from a folder of labelled pictures to a decision.

Nothing is imported before its first use: a bare `import siam` costs milliseconds.

Example:
    >>> import siam
    >>> run = siam.train("photos/", preset="quick")
    >>> run.query("phone.jpg").verdict
    'match'
"""

from __future__ import annotations

# `typing` is not imported for it: type checkers know the name.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from siam.engine.answers.answer import Answer, Unreadable
    from siam.engine.api.audit import audit, mend
    from siam.engine.api.estimator import SiameseEncoder
    from siam.engine.api.remote_run import RemoteRun, connect
    from siam.engine.api.run import Run, open
    from siam.engine.api.train import train
    from siam.engine.sorting.undo import undo_sort
    from siam.errors import (
        DataError,
        DivergenceError,
        InternalError,
        MissingExtraError,
        PictureError,
        RunError,
        SiamError,
        StoreError,
        UsageError,
    )

__version__ = "0.1.0"
__all__ = [
    "Answer",
    "DataError",
    "DivergenceError",
    "InternalError",
    "MissingExtraError",
    "PictureError",
    "RemoteRun",
    "Run",
    "RunError",
    "SiamError",
    "SiameseEncoder",
    "StoreError",
    "Unreadable",
    "UsageError",
    "__version__",
    "audit",
    "connect",
    "mend",
    "open",
    "train",
    "undo_sort",
]

_HOMES = {
    "Answer": "siam.engine.answers.answer",
    "RemoteRun": "siam.engine.api.remote_run",
    "Run": "siam.engine.api.run",
    "SiameseEncoder": "siam.engine.api.estimator",
    "Unreadable": "siam.engine.answers.answer",
    "audit": "siam.engine.api.audit",
    "connect": "siam.engine.api.remote_run",
    "mend": "siam.engine.api.audit",
    "open": "siam.engine.api.run",
    "train": "siam.engine.api.train",
    "undo_sort": "siam.engine.sorting.undo",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'siam' has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(_HOMES.get(name, "siam.errors")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
