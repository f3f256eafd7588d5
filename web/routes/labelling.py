"""The pictures that most want a label, one at a time."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.responses import Response

from siam.web.answers import json_response
from siam.web.api_error import ApiError
from siam.web.labelling_queue import LabellingQueue
from siam.web.service import Serving, Writing

__all__ = ["router"]

router = APIRouter(prefix="/labelling", tags=["labelling"])
Key = Annotated[str | None, Field(max_length=4096, description="Of the picture that is meant.")]


class NamedLabel(BaseModel, extra="forbid"):
    """A label for the picture that is asked about."""

    label: Annotated[str, Field(min_length=1, max_length=200)]
    key: Key = None


class Meant(BaseModel, extra="forbid"):
    """The picture that is meant, where it matters."""

    key: Key = None


async def find_queue(service: Serving) -> LabellingQueue:
    """Return the pictures to label.

    Raises:
        ApiError: no folder was named.
    """
    if service.labelling is None:
        raise ApiError(
            404,
            "no_labelling",
            "No folder is to be labelled.",
            "Whoever runs the server can name one:  siam serve --writable --label FOLDER",
        )
    return service.labelling


Queue = Annotated[LabellingQueue, Depends(find_queue)]


@router.get("")
def question(queue: Queue) -> Response:
    """Tell which picture is asked about, and what the run guesses."""
    return json_response(queue.state())


@router.get("/picture", response_class=Response, responses={200: {"content": {"image/png": {}}}})
def picture(queue: Queue) -> Response:
    """Show the picture that is asked about."""
    return Response(queue.picture(), headers={"cache-control": "no-store"}, media_type="image/png")


@router.post("/label")
def label(_: Writing, queue: Queue, given: NamedLabel) -> Response:
    """Label the picture that is asked about; kept at once."""
    return json_response(queue.act("label", given.key, given.label))


@router.post("/skip")
def skip(_: Writing, queue: Queue, meant: Meant | None = None) -> Response:
    """Pass over the picture that is asked about."""
    return json_response(queue.act("skip", meant.key if meant else None))


@router.post("/undo")
def undo(_: Writing, queue: Queue) -> Response:
    """Take back the last step, and ask about its picture again."""
    return json_response(queue.act("undo", None))
