"""Items added, labelled and removed, by a server that may write."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.datastructures import FormData
from starlette.responses import Response

from siam.engine.answers.answer import Unreadable
from siam.engine.index.sent_pictures import add_sent, as_label, check_meta
from siam.engine.reading import NO_OPTIONS
from siam.web.answers import json_response
from siam.web.api_error import ApiError
from siam.web.picture_request import Outcome
from siam.web.picture_upload import BINARY, files_of, form_body, read_form
from siam.web.routes.items import ItemId, item_dict
from siam.web.routes.query import RunName, refuse_single
from siam.web.service import Writing, require_item

__all__ = ["router"]

router = APIRouter(prefix="/items", tags=["items"])
# Items that are changed at once: a map's worth.
MOST_IDS = 200_000
Label = Annotated[str, Field(min_length=1, max_length=200)]
Ids = Annotated[list[Annotated[int, Field(ge=1, lt=1 << 53)]], Field(max_length=MOST_IDS)]
ADD_BODY = form_body(
    {"pictures": {"type": "array", "items": BINARY, "minItems": 1}},
    label={"type": "string", "minLength": 1, "maxLength": 200},
    meta={"type": "string", "contentMediaType": "application/json"},
)


class NewLabel(BaseModel, extra="forbid"):
    """What an item is to be labelled; null for nothing."""

    label: Label | None


class Labelled(BaseModel, extra="forbid"):
    """Items and what they are to be labelled; null for nothing."""

    ids: Ids
    label: Label | None


class Chosen(BaseModel, extra="forbid"):
    """Items that are meant."""

    ids: Ids


@router.post("", openapi_extra=ADD_BODY)
async def add_items(request: Request, service: Writing, run: RunName = None) -> Response:
    """Index pictures; what is there already has the label and values from now on."""
    form = await read_form(request)
    files = await files_of(form, "pictures")
    label, meta = as_label(field_of(form, "label")), read_meta(field_of(form, "meta"))

    def finish(outcome: Outcome) -> Response:
        refuse_single(outcome.pictures)
        contents = [content for _, content in files]
        done = add_sent(
            outcome.run, outcome.pictures, contents, outcome.answers, label=label, meta=meta
        )
        results = [
            one.to_dict() if isinstance(one, Unreadable) else {"input": one.name, "id": number}
            for one, number in zip(outcome.pictures, done.ids, strict=True)
        ]
        ids = [number for number in done.ids if number is not None]
        told = {"added": done.added, "updated": done.updated, "ids": ids, "results": results}
        return json_response(told)

    response = await service.desk.ask(
        run, files, options=None, picture=NO_OPTIONS, finish=finish, writes=True
    )
    service.tidy(run)
    return response


@router.patch("/{number}")
def label_item(service: Writing, number: ItemId, change: NewLabel, run: RunName = None) -> Response:
    """Give an item another label, or none."""
    with service.runs.use(run) as opened:
        require_item(opened, number)
        opened.gallery.relabel([number], as_label(change.label))
        (item,) = opened.gallery.items([number])
    return json_response(item_dict(item))


@router.delete("/{number}")
def remove_item(service: Writing, number: ItemId, run: RunName = None) -> Response:
    """Take an item out of the index."""
    with service.runs.use(run) as opened:
        require_item(opened, number)
        removed = opened.gallery.remove([number])
    service.tidy(run)
    return json_response({"removed": removed})


@router.post("/label")
def label_items(service: Writing, change: Labelled, run: RunName = None) -> Response:
    """Give items another label, or none; those that are gone are passed over."""
    with service.runs.use(run) as opened:
        changed = opened.gallery.relabel(change.ids, as_label(change.label))
    return json_response({"labelled": changed})


@router.post("/remove")
def remove_items(service: Writing, chosen: Chosen, run: RunName = None) -> Response:
    """Take items out of the index; those that are gone are passed over."""
    with service.runs.use(run) as opened:
        removed = opened.gallery.remove(chosen.ids)
    service.tidy(run)
    return json_response({"removed": removed})


def field_of(form: FormData, name: str) -> str | None:
    """Return a form's text; None where it has none of the name.

    Raises:
        ApiError: it is a file.
    """
    value = form.get(name)
    if value is not None and not isinstance(value, str):
        raise ApiError(400, "usage", f"'{name}' is a text, received a file.")
    return value


def read_meta(text: str | None) -> dict[str, Any]:
    """Return the values that a form gives as JSON.

    Raises:
        ApiError: it is no JSON object.
        UsageError: as `check_meta`.
    """
    if text is None:
        return {}
    try:
        return check_meta(msgspec.json.decode(text, type=dict[str, Any]))
    except (msgspec.DecodeError, RecursionError) as error:
        raise ApiError(400, "usage", f"'meta' is no JSON object: {error}.") from None
