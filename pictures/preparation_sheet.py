"""Drawings for people: the steps of a preparation side by side, and where the marks lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siam.pictures.conversion import convert_to_grey_or_rgb
from siam.pictures.preparation import part_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

    from siam.array_types import Pictures
    from siam.pictures.preparation import Box, Prepared

__all__ = ["draw_marks", "draw_steps"]

_TILE = 224  # pixels a step is shown in
_GAP = 16
_TEXT = 15  # pixels high
_LONGEST = 1200  # pixels of a marked picture, along its longer side
_PAPER, _INK, _ACCENT = (255, 255, 255), (30, 30, 30), (200, 30, 60)


def draw_steps(prepared: Prepared) -> Image.Image:
    """Return the steps side by side with their names, from the original to the network's input.

    Small pictures are enlarged pixel by pixel, so that one sees what the network sees.
    """
    from PIL import Image, ImageDraw

    count = len(prepared.steps)
    lines = [*prepared.notes] or ["no remarks"]
    width = _GAP + count * (_TILE + _GAP)
    height = _GAP + _TEXT + 8 + _TILE + _GAP + len(lines) * (_TEXT + 6) + _GAP
    sheet = Image.new("RGB", (width, height), _PAPER)
    draw = ImageDraw.Draw(sheet)
    for k, (name, pixels) in enumerate(prepared.steps):
        left, top = _GAP + k * (_TILE + _GAP), _GAP + _TEXT + 8
        rows, columns = pixels.shape[:2]
        draw.text((left, _GAP), f"{k + 1} {name} ({columns} x {rows})", _INK, font_size=_TEXT)
        tile = _enlarge(pixels)
        draw.rectangle((left - 1, top - 1, left + _TILE, top + _TILE), (225, 225, 225))
        sheet.paste(tile, (left + (_TILE - tile.width) // 2, top + (_TILE - tile.height) // 2))
    for k, line in enumerate(lines):
        colour = _ACCENT if prepared.notes else _INK
        at = (_GAP, _GAP + _TEXT + 8 + _TILE + _GAP + k * (_TEXT + 6))
        draw.text(at, line, colour, font_size=_TEXT)
    return sheet


def draw_marks(
    image: Image.Image,
    boxes: Sequence[Box],
    captions: Sequence[str] | None = None,
    *,
    rotate: int = 0,
    box: Box | None = None,
) -> Image.Image:
    """Return the upright picture, or the part to look in, with a numbered frame around each mark.

    Args:
        image: as `read_picture` gives it.
        boxes: (left, top, right, bottom) in pixels of the upright picture's file.
        captions: what is written at each frame; 1, 2, 3, ... if left out.
        rotate: degrees clockwise, as for `prepare_picture`.
        box: the part to look in, as for `prepare_picture`.
    """
    from PIL import ImageDraw

    part, (first, upper), scale = part_of(image, _LONGEST, rotate=rotate, box=box)
    drawing = convert_to_grey_or_rgb(part).convert("RGB")
    drawing.thumbnail((_LONGEST, _LONGEST))
    scale *= max(drawing.size) / max(part.size)
    draw = ImageDraw.Draw(drawing)
    thick = max(2, max(drawing.size) // 400)
    text = max(12, max(drawing.size) // 45)
    for k, mark in enumerate(boxes):
        left, right = ((edge - first) * scale for edge in mark[::2])
        top, bottom = ((edge - upper) * scale for edge in mark[1::2])
        draw.rectangle(
            (left - thick, top - thick, right + thick, bottom + thick), None, _ACCENT, thick
        )
        caption = str(k + 1) if captions is None else captions[k]
        at = (max(left - thick, 0), max(top - thick - text - 4, 0))
        draw.rectangle(draw.textbbox(at, caption, font_size=text), _PAPER)
        draw.text(at, caption, _ACCENT, font_size=text)
    return drawing


def _enlarge(pixels: Pictures) -> Image.Image:
    from PIL import Image

    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    tile = Image.fromarray(pixels).convert("RGB")
    zoom = _TILE / max(tile.size)
    size = (max(1, round(tile.width * zoom)), max(1, round(tile.height * zoom)))
    way = Image.Resampling.NEAREST if zoom > 1 else Image.Resampling.BOX
    return tile.resize(size, way)
