"""Questions about pictures, past the framework's routing, which describes them all the same.

What FastAPI does between a request and its function (telemetry, stacks of contexts, a table of
routes) takes longer than reading a small picture, and such a function has use for none of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["Shortcut"]


class Shortcut:
    """Answers what is sent by POST to some paths; all else is the framework's.

    Args:
        app: the framework.
        routes: by path, those whose `endpoint` takes a request and nothing else.
        failed: answers for what Starlette finds wrong with a form.
    """

    def __init__(
        self,
        app: ASGIApp,
        routes: Mapping[str, Any],
        failed: Callable[[Request, HTTPException], Awaitable[Response]],
    ) -> None:
        self._app = app
        self._routes = routes
        self._failed = failed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let the framework do it."""
        asked = scope["type"] == "http" and scope["method"] == "POST"
        route = self._routes.get(scope["path"]) if asked else None
        if route is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = route  # for who counts
        request = Request(scope, receive, send)
        try:
            response = await route.endpoint(request)
        except HTTPException as error:
            response = await self._failed(request, error)
        await response(scope, receive, send)
