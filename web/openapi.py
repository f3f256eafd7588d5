"""The API's description, OpenAPI 3.1: what FastAPI writes, with the errors as they are sent."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from siam.engine.api.http_connection import API
from siam.web.answer_schemas import describe_answers

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
        own, components = describe_answers()
        schemas.update(components)
        for path, operations in told["paths"].items():
            for method, operation in operations.items():
                operation["responses"].pop("422", None)
                operation["responses"]["default"] = answer
                if schema := own.get((method, path.removeprefix(API))):
                    operation["responses"]["200"]["content"]["application/json"] = {
                        "schema": schema
                    }
        app.openapi_schema = told
    return app.openapi_schema
