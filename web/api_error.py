"""What the API answers where it cannot do what was asked: a status, a code, a cure.

Words of an error go out only where siam wrote them for what the client sent; what concerns the
server's own files is said in words that name none of them, and told to its log.
"""

from __future__ import annotations

import logging
import re

from siam.errors import (
    AwayError,
    BusyError,
    DataError,
    MissingExtraError,
    PictureError,
    RunError,
    SiamError,
    StoreError,
    UsageError,
)

__all__ = ["ApiError", "hide_paths", "translate"]

# Seconds after which a write may be tried again.
BUSY = 2
log = logging.getLogger("siam.web")
# A path of any system: with a space in a folder's name its rest stays, which tells nothing.
PATH = re.compile(r"(?<![\w/.])(?:[A-Za-z]:)?(?:[/\\][^\s/\\'\":;,]+){2,}[/\\]?|~[/\\]\S+")


class ApiError(Exception):
    """An answer that is an error.

    Args:
        status: of HTTP.
        code: a word for programs.
        message: what is wrong, with the value received.
        cure: what to do; may be empty.
        retry_after: seconds to wait; None where waiting does not help.
    """

    def __init__(
        self, status: int, code: str, message: str, cure: str = "", retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.cure = status, code, message, cure
        self.retry_after = retry_after


def hide_paths(text: str) -> str:
    """Return a sentence with the last part alone of each path in it.

    Example:
        >>> hide_paths("There is no run 'x' in /home/ann/runs.")
        "There is no run 'x' in runs."
    """
    return PATH.sub(lambda found: re.split(r"[/\\]", found[0].rstrip("/\\"))[-1], text)


def translate(error: BaseException) -> ApiError:
    """Return what a client is told of an error that came up while its request was answered."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, UsageError):
        return ApiError(400, "usage", hide_paths(error.problem), hide_paths(error.cure))
    if isinstance(error, PictureError):
        return ApiError(422, "picture", hide_paths(error.problem), hide_paths(error.cure))
    if isinstance(error, DataError):
        return ApiError(422, "data", hide_paths(error.problem), hide_paths(error.cure))
    if isinstance(error, MissingExtraError):
        return ApiError(
            422, "extra", hide_paths(error.problem), "Ask whoever runs the server to install it."
        )
    if isinstance(error, BusyError):
        return ApiError(
            503, "busy", "Another process is writing to the index.", "Try again later.", BUSY
        )
    if isinstance(error, AwayError):
        log.warning("%s %s", error.problem, error.cure)
        return ApiError(
            503,
            "away",
            "The server that holds the index does not answer.",
            "Try again later.",
            BUSY,
        )
    if isinstance(error, RunError):
        log.error("%s %s", error.problem, error.cure)
        what, code = ("index", "store") if isinstance(error, StoreError) else ("run", "run")
        return ApiError(
            409,
            code,
            f"The {what} is missing, damaged or was changed by somebody else meanwhile.",
            "The server's log says what it is; `siam doctor` and `siam index verify` look at it.",
        )
    log.error("Unforeseen %s", type(error).__name__, exc_info=error)
    problem = error.problem if isinstance(error, SiamError) else type(error).__name__
    return ApiError(
        500,
        "internal",
        f"A fault of siam's own ({hide_paths(problem)}).",
        "The server's log says where it came up: please report it.",
    )
