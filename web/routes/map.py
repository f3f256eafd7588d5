"""The map of the indexed pictures, and how far it is."""

from __future__ import annotations

import hashlib

from fastapi import APIRouter, Request
from starlette.responses import Response

from siam.web.answers import json_response
from siam.web.api_error import ApiError
from siam.web.routes.query import RunName
from siam.web.service import Serving

__all__ = ["router"]

router = APIRouter(prefix="/map", tags=["map"])


@router.get("/status")
def map_status(service: Serving, run: RunName = None) -> Response:
    """Tell how far the map is; the first to ask has it begun."""
    with service.runs.use(run) as opened:
        return json_response(service.maps.status(opened.gallery))


@router.get(
    "",
    response_class=Response,
    responses={
        200: {"content": {"application/octet-stream": {}}},
        304: {"description": "As it was."},
    },
)
def gallery_map(request: Request, service: Serving, run: RunName = None) -> Response:
    """Give each item's place: see `siam.web.map_format`."""
    with service.runs.use(run) as opened:
        content = service.maps.content(opened.gallery)
    if content is None:
        raise ApiError(404, "no_map", "There is no map yet.", "Ask GET /map/status, and wait.")
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"etag": tag, "cache-control": "private, no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type="application/octet-stream")
