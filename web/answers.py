"""How the API's answers are sent: JSON with "schema" first, and nothing kept by anybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from siam.web.api_error import ApiError

__all__ = ["SCHEMA", "error_response", "json_response"]

SCHEMA = 1
encode = msgspec.json.Encoder().encode


def json_response(
    content: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return an object as JSON, `"schema": 1` first."""
    return Response(
        encode({"schema": SCHEMA, **content}),
        status,
        {"cache-control": "no-store", **(headers or {})},
        "application/json",
    )


def error_response(error: ApiError) -> Response:
    """Return an error as the API sends it."""
    headers = {} if error.retry_after is None else {"retry-after": str(error.retry_after)}
    if error.status == 401:
        headers["www-authenticate"] = "Bearer"
    told = {"code": error.code, "message": error.message, "cure": error.cure}
    return json_response({"error": told}, error.status, headers)
