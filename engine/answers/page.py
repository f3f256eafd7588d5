"""Answer for every separate mark in a picture: several digits on one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from siam.engine.answers.answer import Answer, Result, Unreadable
from siam.engine.open_run import OpenRun
from siam.engine.query import QueryOptions, answer_batch
from siam.engine.reading import NO_OPTIONS, PictureOptions, PreparedPicture, Source, decode
from siam.errors import PictureError
from siam.pictures.page_segmentation import segment_page
from siam.pictures.preparation_sheet import draw_marks

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Page", "query_marks"]

LEAST_SHOWN = 1000  # pixels of the shorter side, for who looks at it


@dataclass(frozen=True)
class Page:
    """The answers for one picture, mark by mark.

    Attributes:
        answers: left to right, line by line; "box" in the choices of each says where. One
            `Unreadable` where the picture could not be read or holds no mark.
        drawing: the picture with a frame and the label at each mark; None with that.
    """

    answers: tuple[Result, ...]
    drawing: Image.Image | None = None


def query_marks(
    run: OpenRun,
    source: tuple[str, Source],
    *,
    options: QueryOptions,
    picture: PictureOptions = NO_OPTIONS,
) -> Page:
    """Find every separate mark in a picture and answer for each.

    Args:
        run: an opened run.
        source: (name, path or bytes); marks are named `name#1`, `name#2`, ...
        options: how neighbours are found and decided upon.
        picture: what the user says of the picture.
    """
    name, content = source
    preparation = run.config.preparation
    try:
        image = decode(content, preparation, picture, name=name, enough=LEAST_SHOWN)
        marks = segment_page(
            image,
            preparation,
            invert=picture.invert,
            rotate=picture.rotate,
            box=picture.box,
        )
    except PictureError as error:
        return Page((Unreadable(name, error.problem),))
    if not marks:
        return Page((Unreadable(name, f"{name}: no mark of ink was found."),))
    pictures = [
        PreparedPicture(f"{name}#{place}", mark.prepared)
        for place, mark in enumerate(marks, start=1)
    ]
    answers = tuple(answer_batch(run, pictures, options))
    drawing = draw_marks(
        image,
        [mark.box for mark in marks],
        captions_of(answers),
        rotate=picture.rotate,
        box=picture.box,
    )
    return Page(answers, drawing)


def captions_of(answers: Sequence[Result]) -> list[str]:
    """Return what is written at each mark: its label, with a question mark where that is unsure."""
    return [
        (answer.label or "") + ("" if answer.verdict == "match" else "?")
        for answer in answers
        if isinstance(answer, Answer)
    ]
