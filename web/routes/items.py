"""The indexed pictures: listed, one with its neighbours, its thumbnail."""

from __future__ import annotations

import zlib
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from siam.engine.answers.decision import QueryOptions, without_folders
from siam.engine.query import query_indexed
from siam.index.matches import Item
from siam.web.answers import json_response
from siam.web.api_error import ApiError
from siam.web.routes.query import RunName
from siam.web.service import Serving, require_item

__all__ = ["router"]

router = APIRouter(prefix="/items", tags=["items"])
# Ids are numbers that SQLite and JavaScript hold.
ItemId = Annotated[int, Path(ge=1, lt=1 << 53)]


@router.get("")
def list_items(
    service: Serving,
    where: Annotated[list[str] | None, Query(description="Filters, such as split=train.")] = None,
    label: Annotated[str | None, Query(description="Of this label alone; '' for none.")] = None,
    offset: Annotated[int, Query(ge=0, lt=1 << 53)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    run: RunName = None,
) -> Response:
    """List items by id."""
    filters = [*(where or ())]
    if label is not None:
        filters.append(f"label='{label.replace(chr(39), chr(39) * 2)}'")
    with service.runs.use(run) as opened:
        ids = opened.gallery.select(filters)
        there = opened.gallery.items_there(ids[offset : offset + limit])
    items = [item_dict(item) for item in sorted(there, key=lambda item: item.id)]
    return json_response({"total": len(ids), "offset": offset, "items": items})


@router.get("/{number}")
def show_item(
    service: Serving,
    number: ItemId,
    k: Annotated[int, Query(ge=1, le=1000)] = 10,
    run: RunName = None,
) -> Response:
    """Show an item and what lies nearest to it."""
    with service.runs.use(run) as opened:
        require_item(opened, number)
        (answer,) = query_indexed(opened, [number], options=QueryOptions(k=k, local=False))
        (item,) = opened.gallery.items([number])
    neighbours = [near.to_dict() for near in answer.neighbours]
    return json_response({**item_dict(item), "neighbours": neighbours})


@router.get(
    "/{number}/thumbnail",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}, 304: {"description": "As it was."}},
)
def thumbnail(request: Request, service: Serving, number: ItemId, run: RunName = None) -> Response:
    """Show an item's picture, as a PNG of at most 64 pixels a side."""
    with service.runs.use(run) as opened:
        (png,) = opened.gallery.thumbnails([number])
        if png is None:
            require_item(opened, number)
            raise ApiError(404, "no_thumbnail", f"Item {number} has no picture.")
    # Not for long: another run may come to bear this one's name.
    tag = f'"{number}-{zlib.crc32(png):08x}"'
    headers = {"etag": tag, "cache-control": "private, max-age=300"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(png, headers=headers, media_type="image/png")


def item_dict(item: Item) -> dict[str, Any]:
    """Return what is told of an item."""
    shown = without_folders(item)
    return {
        "id": shown.id,
        "label": shown.label,
        "key": shown.key,
        "split": shown.split,
        "meta": dict(shown.meta),
    }
