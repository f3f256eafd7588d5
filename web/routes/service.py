"""Whether the server is up, signing in, and what it has done."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from siam import __version__
from siam.web.answers import json_response
from siam.web.api_error import ApiError
from siam.web.middleware.guard import SIGNED_IN, check_token, cookie_name, is_token, session_value
from siam.web.service import Serving

__all__ = ["router"]

router = APIRouter(tags=["service"])


@router.get("/health")
async def health(request: Request, service: Serving) -> Response:
    """Tell that the server is up; to who knows the token, what it serves."""
    token = service.settings.token
    told: dict[str, object] = {"status": "ok", "token_required": bool(token)}
    try:
        if token:
            check_token(request.headers, token, cookie_name(request.scope))
    except ApiError:
        return json_response(told)
    run = service.runs.default.name
    told |= {"version": __version__, "run": run, "writable": service.settings.writable}
    told["labelling"] = service.labelling is not None
    return json_response(told)


@router.post("/session", status_code=204, responses={204: {"description": "Signed in."}})
async def sign_in(request: Request, service: Serving) -> Response:
    """Give a browser that sends the token a cookie, for pictures and the like."""
    token = service.settings.token
    if not token:
        return Response(status_code=204)
    if not is_token(request.headers, token):
        raise ApiError(401, "token", "That is not this server's token.", "Ask whoever runs it.")
    response = Response(status_code=204)
    response.set_cookie(
        cookie_name(request.scope),
        session_value(token),
        max_age=SIGNED_IN,
        path="/",
        secure=request.headers.get("origin", "").startswith("https:"),
        httponly=True,
        samesite="strict",
    )
    return response


@router.get(
    "/metrics", response_class=PlainTextResponse, responses={200: {"content": {"text/plain": {}}}}
)
async def metrics(service: Serving) -> Response:
    """Tell what was asked and how long it took, in Prometheus' form."""
    calls, pictures = service.runs.batch_counts()
    gauges = {
        "siam_pictures_in_memory": ("gauge", "Pictures being answered.", float(service.desk.held)),
        "siam_batches_total": ("counter", "Calls of an encoder.", float(calls)),
        "siam_batched_pictures_total": ("counter", "Pictures in them.", float(pictures)),
    }
    text = service.metrics.write(gauges)
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")
