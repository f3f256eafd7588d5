"""Contact sheets: a query beside its neighbours, as one PNG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from siam.array_types import Pictures
from siam.atomic import replacing
from siam.engine.answers.answer import Answer, Result
from siam.engine.open_run import OpenRun
from siam.errors import UsageError
from siam.pictures.thumbnail import decode_thumbnail

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["contact_sheet", "steps_of_all", "write_picture"]

CELL = 112
CAPTION = 30
MARGIN = 8
# A sheet of more pictures than this is longer than any viewer shows.
MOST_ROWS = 200
COLOURS = {"match": (22, 120, 60), "unsure": (170, 110, 0), "no match": (170, 30, 30)}


def contact_sheet(run: OpenRun, answers: Sequence[Result]) -> Image.Image:
    """Draw one row per answer: what the network saw, then its neighbours, nearest first.

    Args:
        run: whose index the neighbours are in.
        answers: of readable pictures, at most 200.

    Raises:
        UsageError: no readable picture among them, or too many.
    """
    from PIL import Image, ImageDraw

    readable = [answer for answer in answers if isinstance(answer, Answer) and answer.prepared]
    if not 0 < len(readable) <= MOST_ROWS:
        raise UsageError(
            f"A contact sheet holds 1 to {MOST_ROWS} readable pictures, received {len(readable)}."
        )
    columns = 1 + max(len(answer.neighbours) for answer in readable)
    height = CELL + CAPTION
    sheet = Image.new(
        "RGB", (MARGIN + columns * (CELL + MARGIN), MARGIN + len(readable) * height), "white"
    )
    draw = ImageDraw.Draw(sheet)
    for row, answer in enumerate(readable):
        top = MARGIN + row * height
        ids = [near.id for near in answer.neighbours]
        shown = [decode_thumbnail(png) if png else None for png in run.gallery.thumbnails(ids)]
        captions = [f"{near.label or '-'}  {near.distance:.3f}" for near in answer.neighbours]
        assert answer.prepared is not None
        pictures = [answer.prepared.pixels, *shown]
        own = f"{answer.label or '-'} {answer.verdict}\nprobability {answer.probability:.1%}"
        captions = [own, *captions]
        for column, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
            left = MARGIN + column * (CELL + MARGIN)
            if picture is not None:
                sheet.paste(cell(picture), (left, top))
            colour = COLOURS.get(answer.verdict, (0, 0, 0)) if column == 0 else (60, 60, 60)
            if column == 0:
                draw.rectangle(
                    (left - 2, top - 2, left + CELL + 1, top + CELL + 1), None, colour, 2
                )
            draw.multiline_text((left, top + CELL + 2), caption, fill=colour, spacing=1)
    return sheet


def cell(picture: Pictures) -> Image.Image:
    """Return a picture enlarged to a cell, its pixels kept visible."""
    from PIL import Image

    image = Image.fromarray(picture.squeeze())
    scale = CELL / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.convert("RGB").resize(size, Image.Resampling.NEAREST)


def steps_of_all(answers: Sequence[Result]) -> Image.Image:
    """Draw what the network saw of each answer's picture, step by step, one below the other.

    Raises:
        UsageError: no readable picture among them, or so many that their steps were not kept.
    """
    from PIL import Image

    from siam.pictures.preparation_sheet import draw_steps

    drawn = [
        draw_steps(answer.prepared)
        for answer in answers
        if isinstance(answer, Answer) and answer.prepared and answer.prepared.steps
    ]
    if not drawn:
        raise UsageError(
            f"There are no steps to show of these {len(answers)} pictures.",
            "Name a few pictures at a time that can be read.",
        )
    whole = Image.new(
        "RGB", (max(sheet.width for sheet in drawn), sum(sheet.height for sheet in drawn)), "white"
    )
    top = 0
    for sheet in drawn:
        whole.paste(sheet, (0, top))
        top += sheet.height
    return whole


def write_picture(path: Path, picture: Image.Image) -> None:
    """Write a picture whole or not at all, in the format that its name ends in.

    Raises:
        UsageError: the name ends in no format that Pillow writes, or cannot be written.
    """
    from PIL import Image

    Image.init()
    if path.suffix.lower() not in Image.registered_extensions():
        raise UsageError(f"A picture's name ends in .png or .jpg, received {path}.")
    try:
        with replacing(path) as temporary:
            picture.save(temporary)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written ({error.strerror}).", "Name another place."
        ) from error
