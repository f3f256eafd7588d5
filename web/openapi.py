"""The API's description, OpenAPI 3.1: what FastAPI writes, with the errors as they are sent."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

__all__ = ["describe"]

ERROR: dict[str, Any] = {
    "type": "object",
    "required": ["schema", "error"],
    "properties": {
        "schema": {"const": 1},
        "error": {
            "type": "object",
            "required": ["code", "message", "cure"],
            "properties": {name: {"type": "string"} for name in ("code", "message", "cure")},
        },
    },
}
BEARER = {"type": "http", "scheme": "bearer"}


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the description, made once."""
    if app.openapi_schema is None:
        told = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
        )
        parts = told.setdefault("components", {})
        schemas = parts.setdefault("schemas", {})
        for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's own form of errors
            schemas.pop(name, None)
        schemas["Error"] = ERROR
        parts["securitySchemes"] = {"token": BEARER}
        told["security"] = [{}, {"token": []}]
        reference = {"$ref": "#/components/schemas/Error"}
        answer = {
            "description": "What is wrong, and what mends it.",
            "content": {"application/json": {"schema": reference}},
        }
        for path in told["paths"].values():
            for operation in path.values():
                operation["responses"].pop("422", None)
                operation["responses"]["default"] = answer
        app.openapi_schema = told
    return app.openapi_schema
