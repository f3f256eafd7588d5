"""What a picture is nearest to, whether two are the same, and embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from msgspec import Meta
from starlette.responses import Response

from siam.engine.answers.answer import Result, Unreadable
from siam.engine.answers.decision import QueryOptions
from siam.engine.open_run import OpenRun
from siam.engine.reading import PictureOptions, PreparedPicture
from siam.engine.verification.pair import judge_pair
from siam.web.answers import json_response
from siam.web.api_error import ApiError
from siam.web.parameters import Parameters, describe_parameters, read_parameters
from siam.web.picture_request import Outcome
from siam.web.picture_upload import (
    BINARY,
    PICTURE_BODY,
    files_of,
    form_body,
    read_form,
    read_pictures,
)
from siam.web.service import Service, service_of
from siam.web.steps import draw_steps

__all__ = ["router"]

router = APIRouter(tags=["query"])
PAIR_BODY = form_body({"left": BINARY, "right": BINARY})
RunName = Annotated[str | None, Query(description="A run's name; the one that is served.")]


class PictureParameters(Parameters, frozen=True, kw_only=True):
    """What the client says of its pictures, and which run it asks."""

    run: Annotated[str, Meta(description="A run's name; the one that is served.")] | None = None
    invert: Annotated[bool, Meta(description="Ink is darker than paper, or is not.")] | None = None
    rotate: Annotated[int, Meta(description="0, 90, 180 or 270 degrees clockwise.")] = 0
    box: (
        Annotated[
            str,
            Meta(
                pattern=r"^\d{1,6},\d{1,6},\d{1,6},\d{1,6}$",
                description="left,top,right,bottom in pixels of the part to use",
            ),
        ]
        | None
    ) = None

    def options(self, *, keep_steps: bool = False) -> PictureOptions:
        """Return them as the engine takes them."""
        box = None
        if self.box is not None:
            left, top, right, bottom = map(int, self.box.split(","))
            box = (left, top, right, bottom)
        return PictureOptions(self.invert, self.rotate, box, keep_steps)


class PairParameters(PictureParameters, frozen=True, kw_only=True):
    """How strict a verdict is, besides."""

    false_accept_rate: (
        Annotated[float, Meta(gt=0, le=1, description="Share of different pairs to let through.")]
        | None
    ) = None
    threshold: (
        Annotated[float, Meta(ge=0, le=2, description="Distance to keep, by hand.")] | None
    ) = None


class QueryParameters(PairParameters, frozen=True, kw_only=True):
    """How neighbours are found, besides."""

    k: Annotated[int, Meta(ge=1, le=1000, description="Neighbours to return.")] = 10
    where: Annotated[tuple[str, ...], Meta(description="Filters, such as label=3.")] = ()
    within: Annotated[float, Meta(ge=0, le=2, description="Only neighbours this near.")] | None = (
        None
    )
    steps: Annotated[bool, Meta(description="Show what the network saw.")] = False

    def search(self) -> QueryOptions:
        """Return them as the engine takes them."""
        return QueryOptions(
            k=self.k,
            false_accept_rate=self.false_accept_rate,
            threshold=self.threshold,
            where=self.where,
            within=self.within,
            local=False,
        )


@router.post("/query", openapi_extra=PICTURE_BODY | describe_parameters(QueryParameters))
async def query(request: Request) -> Response:
    """Find the nearest indexed pictures, the label, and whether it is a match."""
    asked = read_parameters(request, QueryParameters)
    sources = await read_pictures(request)
    service = service_of(request)

    def finish(outcome: Outcome) -> Response:
        answers: list[Result] = outcome.answers
        refuse_single(answers)
        results = [
            answer.to_dict() | {"position": place_answer(service, outcome.run, answer)}
            for answer in answers
        ]
        if asked.steps:
            for result, one in zip(results, outcome.pictures, strict=True):
                if isinstance(one, PreparedPicture):
                    result["steps"] = draw_steps(one.prepared)
        told = {"run": outcome.run.name, "run_verdict": outcome.verdict, "results": results}
        return json_response(told)

    return await service.desk.ask(
        asked.run,
        sources,
        options=asked.search(),
        picture=asked.options(keep_steps=asked.steps),
        finish=finish,
    )


@router.post("/embed", openapi_extra=PICTURE_BODY | describe_parameters(PictureParameters))
async def embed(request: Request) -> Response:
    """Return the embeddings of pictures, of unit length."""
    asked = read_parameters(request, PictureParameters)
    sources = await read_pictures(request)

    def finish(outcome: Outcome) -> Response:
        refuse_single(outcome.pictures)
        rows = iter(outcome.answers.tolist())
        results = [
            one.to_dict()
            if isinstance(one, Unreadable)
            else {"input": one.name, "embedding": next(rows)}
            for one in outcome.pictures
        ]
        encoder = outcome.run.encoder
        told = {"run": outcome.run.name, "encoder": encoder.hash, "dim": encoder.dim}
        return json_response({**told, "results": results})

    return await service_of(request).desk.ask(
        asked.run, sources, options=None, picture=asked.options(), finish=finish
    )


@router.post("/verify", openapi_extra=PAIR_BODY | describe_parameters(PairParameters))
async def verify(request: Request) -> Response:
    """Say whether two pictures are of one class: the same, unsure or different."""
    asked = read_parameters(request, PairParameters)
    form = await read_form(request)
    sources = [(await files_of(form, side))[0] for side in ("left", "right")]

    def finish(outcome: Outcome) -> Response:
        left, right = map(require_read, outcome.pictures)
        answer = judge_pair(
            outcome.run,
            left,
            right,
            outcome.answers,
            false_accept_rate=asked.false_accept_rate,
            threshold=asked.threshold,
        )
        return json_response({"run": outcome.run.name, **answer.to_dict()})

    return await service_of(request).desk.ask(
        asked.run, sources, options=None, picture=asked.options(), finish=finish
    )


def place_answer(service: Service, run: OpenRun, answer: Result) -> list[float] | None:
    """Return where a picture belongs on the run's map, [x, y]; None where that is not known."""
    return service.maps.position(run.gallery, getattr(answer, "neighbours", ()))


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
