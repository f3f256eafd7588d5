"""How much of a request is taken in: a few megabytes of one, some hundred of all, and not slowly.

Counted as it arrives, before anything is decoded; where the length is announced, before any of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from siam.web.api_error import ApiError
from siam.web.settings import Settings

__all__ = ["BodyLimit"]

# Times the longest wait for a piece that the whole of a body may take.
PIECES = 6


class BodyLimit:
    """Refuses bodies that are too large, too slow, or too many at once.

    Args:
        app: answers the rest.
        settings: says how large and how slow.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with a `receive` that counts."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        taken, complete, begun = 0, False, time.monotonic()

        def count(size: int) -> None:
            nonlocal taken
            if taken + size > self._settings.body_bytes:
                most = self._settings.body_bytes / 2**20
                raise ApiError(413, "too_large", f"A request has {most:g} MiB at most.")
            if self._held + size > self._settings.held_bytes:
                raise ApiError(
                    503, "overloaded", "Too much is being sent at once.", "Try again later.", 1
                )
            taken += size
            self._held += size

        async def counted() -> Message:
            nonlocal complete
            if complete:  # whoever waits for the client to go away may wait
                return await receive()
            now, piece = time.monotonic(), self._settings.body_seconds
            try:
                async with asyncio.timeout(min(piece, begun + PIECES * piece - now)):
                    message = await receive()
            except TimeoutError:
                raise ApiError(
                    408, "too_slow", "The rest of the request did not come.", "Send it again."
                ) from None
            if message["type"] == "http.request":
                if not announced:
                    count(len(message.get("body", b"")))
                complete = not message.get("more_body", False)
            return message

        announced = 0
        with contextlib.suppress(ValueError):
            lengths = [value for name, value in scope["headers"] if name == b"content-length"]
            announced = int(lengths[0]) if lengths else 0
        try:
            count(announced)
            await self._app(scope, counted, send)
        finally:
            self._held -= taken
