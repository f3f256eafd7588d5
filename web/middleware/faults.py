"""Where errors become answers: each kind its status, none of them a traceback."""

from __future__ import annotations

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from siam.web.answers import error_response
from siam.web.api_error import translate

__all__ = ["Faults"]


class Faults:
    """Answers for what the rest raises.

    Args:
        app: the rest.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; after the first words of an answer, an error can only end it."""
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except ClientDisconnect:
            return  # nobody is left to answer
        except Exception as error:
            if begun or scope["type"] != "http":
                raise
            await error_response(translate(error))(scope, receive, send)
