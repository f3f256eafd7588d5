"""What a picture is nearest to, whether two are the same, and embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from siam.engine.answers.answer import Result, Unreadable
from siam.engine.answers.decision import QueryOptions
from siam.engine.reading import PictureOptions, PreparedPicture
from siam.engine.verification.pair import judge_pair
from siam.web.answers import json_response
from siam.web.api_error import ApiError
from siam.web.picture_upload import (
    BINARY,
    PICTURE_BODY,
    files_of,
    form_body,
    read_form,
    read_pictures,
)
from siam.web.service import Service, Serving
from siam.web.steps import draw_steps

__all__ = ["router"]

router = APIRouter(tags=["query"])
RunName = Annotated[str | None, Query(description="A run's name; the one that is served.")]
FalseAcceptRate = Annotated[float | None, Query(gt=0, le=1, allow_inf_nan=False)]
Threshold = Annotated[float | None, Query(ge=0, le=2, allow_inf_nan=False)]


async def query_options(
    k: Annotated[int, Query(ge=1, le=1000)] = 10,
    false_accept_rate: FalseAcceptRate = None,
    threshold: Threshold = None,
    where: Annotated[list[str] | None, Query(description="Filters, such as label=3.")] = None,
    within: Annotated[float | None, Query(ge=0, le=2, allow_inf_nan=False)] = None,
) -> QueryOptions:
    """Return how neighbours are found and decided upon."""
    return QueryOptions(
        k=k,
        false_accept_rate=false_accept_rate,
        threshold=threshold,
        where=tuple(where or ()),
        within=within,
        local=False,
    )


async def picture_options(
    invert: bool | None = None,
    rotate: Annotated[int, Query(description="0, 90, 180 or 270 degrees clockwise.")] = 0,
    box: Annotated[
        str | None, Query(pattern=r"^\d{1,6},\d{1,6},\d{1,6},\d{1,6}$", description="In pixels.")
    ] = None,
) -> PictureOptions:
    """Return what the client says of its pictures."""
    sides = tuple(map(int, box.split(","))) if box else None
    return PictureOptions(invert=invert, rotate=rotate, box=sides)  # type: ignore[arg-type]


@router.post("/query", openapi_extra=PICTURE_BODY)
async def query(
    request: Request,
    service: Serving,
    options: Annotated[QueryOptions, Depends(query_options)],
    picture: Annotated[PictureOptions, Depends(picture_options)],
    run: RunName = None,
    steps: Annotated[bool, Query(description="Show what the network saw.")] = False,
) -> Response:
    """Find the nearest indexed pictures, the label, and whether it is a match."""
    sources = await read_pictures(request)
    if steps:
        picture = PictureOptions(picture.invert, picture.rotate, picture.box, keep_steps=True)
    outcome = await service.desk.ask(run, sources, options=options, picture=picture)
    answers: list[Result] = outcome.answers
    refuse_single(answers)
    places = await run_in_threadpool(place_answers, service, run, answers)
    results = [
        {**answer.to_dict(), "position": place}
        for answer, place in zip(answers, places, strict=True)
    ]
    if steps:
        for result, one in zip(results, outcome.pictures, strict=True):
            if isinstance(one, PreparedPicture):
                result["steps"] = await run_in_threadpool(draw_steps, one.prepared)
    told = {"run": outcome.served.opened.name, "run_verdict": outcome.served.verdict}
    return json_response({**told, "results": results})


@router.post("/embed", openapi_extra=PICTURE_BODY)
async def embed(
    request: Request,
    service: Serving,
    picture: Annotated[PictureOptions, Depends(picture_options)],
    run: RunName = None,
) -> Response:
    """Return the embeddings of pictures, of unit length."""
    sources = await read_pictures(request)
    outcome = await service.desk.ask(run, sources, options=None, picture=picture)
    refuse_single(outcome.pictures)
    rows = iter(outcome.answers.tolist())
    results = [
        one.to_dict()
        if isinstance(one, Unreadable)
        else {"input": one.name, "embedding": next(rows)}
        for one in outcome.pictures
    ]
    opened = outcome.served.opened
    told = {"run": opened.name, "encoder": opened.encoder.hash, "dim": opened.encoder.dim}
    return json_response({**told, "results": results})


@router.post("/verify", openapi_extra=form_body({"left": BINARY, "right": BINARY}))
async def verify(
    request: Request,
    service: Serving,
    picture: Annotated[PictureOptions, Depends(picture_options)],
    false_accept_rate: FalseAcceptRate = None,
    threshold: Threshold = None,
    run: RunName = None,
) -> Response:
    """Say whether two pictures are of one class: the same, unsure or different."""
    form = await read_form(request)
    sources = [(await files_of(form, side))[0] for side in ("left", "right")]
    outcome = await service.desk.ask(run, sources, options=None, picture=picture)
    left, right = map(require_read, outcome.pictures)
    opened = outcome.served.opened
    answer = judge_pair(
        opened,
        left,
        right,
        outcome.answers,
        false_accept_rate=false_accept_rate,
        threshold=threshold,
    )
    return json_response({"run": opened.name, **answer.to_dict()})


def place_answers(
    service: Service, run: str | None, answers: Sequence[Result]
) -> list[list[float] | None]:
    """Return where each picture belongs on the run's map, [x, y]; None where that is not known."""
    with service.runs.use(run) as opened:
        return [
            service.maps.position(opened.gallery, getattr(answer, "neighbours", ()))
            for answer in answers
        ]


def refuse_single(answers: Sequence[object]) -> None:
    """Refuse a request whose only picture cannot be read.

    Raises:
        ApiError: it cannot.
    """
    if len(answers) == 1 and isinstance(answers[0], Unreadable):
        raise ApiError(422, "picture", answers[0].error, "Send another picture.")


def require_read(picture: PreparedPicture | Unreadable) -> PreparedPicture:
    """Return a picture that could be read.

    Raises:
        ApiError: it could not.
    """
    if isinstance(picture, Unreadable):
        raise ApiError(422, "picture", picture.error, "Send another picture.")
    return picture
