"""The server put together: the routes, what guards them, the page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from siam import __version__
from siam.engine.api.http_connection import API
from siam.web.answers import error_response
from siam.web.api_error import ApiError, hide_paths
from siam.web.desk import Desk
from siam.web.labelling_queue import LabellingQueue
from siam.web.metrics import Metrics, Observer
from siam.web.middleware.body_limit import BodyLimit
from siam.web.middleware.faults import Faults
from siam.web.middleware.guard import Guard
from siam.web.middleware.headers import SecurityHeaders
from siam.web.middleware.shortcut import Shortcut
from siam.web.openapi import describe
from siam.web.picture_upload import content_type, wrong_type
from siam.web.routes import changes, items, labelling, map, query, runs, service
from siam.web.served_runs import ServedRuns
from siam.web.service import Service
from siam.web.settings import Settings
from siam.web.static_files import serve_file

__all__ = ["create_app"]

ROUTERS = (
    query.router,  # looked at first
    service.router,
    runs.router,
    items.router,
    changes.router,
    labelling.router,
    map.router,
)


def create_app(settings: Settings) -> FastAPI:
    """Open the run that is served and return the application (ASGI).

    Args:
        settings: what is served, and to whom.

    Raises:
        RunError: there is no such run, or it is damaged.
        UsageError: a packed run that is to be written to.
    """
    opened = ServedRuns(settings.run, writable=settings.writable, store=settings.store)
    desk = Desk(opened, most=settings.pictures)
    queue = LabellingQueue(opened, settings.label) if settings.label else None
    parts = Service(settings, opened, desk, Metrics(), queue)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        parts.desk.warm_up()
        yield
        await run_in_threadpool(parts.close)

    app = FastAPI(
        title="siam",
        version=__version__,
        description="What a picture is nearest to, whether that is a match, and how sure it is.",
        openapi_url=f"{API}/openapi.json",
        docs_url=None,  # its page loads from elsewhere
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.service = parts
    for router in ROUTERS:
        app.include_router(router, prefix=API)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    def page(request: Request) -> Response:
        return serve_file(request, "index.html")

    @app.api_route("/static/{name:path}", methods=["GET", "HEAD"], include_in_schema=False)
    def static(request: Request, name: str) -> Response:
        return serve_file(request, name)

    app.add_exception_handler(HTTPException, answer_http)
    app.add_exception_handler(RequestValidationError, answer_invalid)
    # The last one added is the first that a request meets.
    shortcuts = {
        f"{API}{route.path}": route for route in query.router.routes if isinstance(route, APIRoute)
    }
    app.add_middleware(Shortcut, routes=shortcuts, failed=answer_http)
    app.add_middleware(BodyLimit, settings=settings)
    app.add_middleware(Guard, settings=settings)
    app.add_middleware(Faults)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Observer, metrics=parts.metrics)
    return app


async def answer_http(_: Request, error: Any) -> Response:
    """Say what the framework found wrong with a request."""
    codes = {404: "not_found", 405: "method", 400: "usage", 413: "too_large"}
    told = ApiError(error.status_code, codes.get(error.status_code, "http"), str(error.detail))
    response = error_response(told)
    response.headers.update(error.headers or {})
    return response


async def answer_invalid(request: Request, error: Any) -> Response:
    """Say which parameter cannot be meant that way."""
    first = error.errors()[0]
    kind = content_type(request)
    if first["loc"] == ("body",) and kind != "application/json":
        return error_response(wrong_type(kind, "application/json"))
    place = ".".join(str(part) for part in first["loc"][1:]) or "The request"
    return error_response(ApiError(400, "usage", hide_paths(f"{place}: {first['msg']}.")))
