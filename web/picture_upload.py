"""The pictures of a request: one as its body, or several as a form's files."""

from __future__ import annotations

import re
from typing import Any

from fastapi import Request
from starlette.datastructures import FormData, UploadFile

from siam.printable import printable
from siam.web.api_error import ApiError

__all__ = [
    "BINARY",
    "PICTURE_BODY",
    "content_type",
    "files_of",
    "form_body",
    "read_form",
    "read_pictures",
    "wrong_type",
]

# Files and fields of a form.
FILES, FIELDS, FIELD_BYTES = 512, 20, 64 * 2**10
FORM = "multipart/form-data"
BINARY = {"type": "string", "format": "binary"}
PICTURE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "image/*": {"schema": BINARY},
            "application/octet-stream": {"schema": BINARY},
            FORM: {
                "schema": {
                    "type": "object",
                    "properties": {"pictures": {"type": "array", "items": BINARY, "minItems": 1}},
                    "required": ["pictures"],
                }
            },
        },
    }
}


def form_body(files: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return how OpenAPI describes a form."""
    schema = {"type": "object", "properties": {**files, **fields}, "required": list(files)}
    return {"requestBody": {"required": True, "content": {FORM: {"schema": schema}}}}


async def read_pictures(request: Request) -> list[tuple[str, bytes]]:
    """Return (name, content) of each picture of a request.

    Raises:
        ApiError: another content type, or no picture.
    """
    kind = content_type(request)
    if kind == FORM:
        return await files_of(await read_form(request), "pictures")
    if not (kind.startswith("image/") or kind == "application/octet-stream"):
        raise wrong_type(kind, f"image/*, application/octet-stream or {FORM}")
    content = await request.body()
    if not content:
        raise ApiError(400, "usage", "The request holds no picture.", "Send it as the body.")
    return [("picture", content)]


async def read_form(request: Request) -> FormData:
    """Return a request's form, its files on disk where they are large.

    Raises:
        ApiError: it is no form.
    """
    kind = content_type(request)
    if kind != FORM:
        raise wrong_type(kind, FORM)
    return await request.form(max_files=FILES, max_fields=FIELDS, max_part_size=FIELD_BYTES)


async def files_of(form: FormData, name: str) -> list[tuple[str, bytes]]:
    """Return (name, content) of the files that a form has under a name.

    Raises:
        ApiError: it has none.
    """
    files = [one for one in form.getlist(name) if isinstance(one, UploadFile)]
    if not files:
        raise ApiError(400, "usage", f"The form has no file '{name}'.", f"Send it as '{name}'.")
    return [(plain_name(one.filename, place), await one.read()) for place, one in enumerate(files)]


def plain_name(name: str | None, place: int) -> str:
    """Return the last part of the name that a client gives a file, to be shown.

    Example:
        >>> plain_name("C:\\\\ann\\\\seven.png", 0), plain_name(None, 1)
        ('seven.png', 'picture 1')
    """
    last = re.split(r"[/\\]", name or "")[-1].strip()
    return printable(last[-200:]) or f"picture {place}"


def content_type(request: Request) -> str:
    """Return the kind of a request's body, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def wrong_type(kind: str, wanted: str) -> ApiError:
    """Return the error of a body of another kind."""
    return ApiError(
        415, "media_type", f"The body is {kind[:100] or 'of no kind'}.", f"Send {wanted}."
    )
