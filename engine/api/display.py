"""How answers look: lines for a terminal, HTML with pictures for a notebook.

Names and labels come from files that anybody may have made: control characters are escaped in
lines, markup is in HTML.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from siam.pictures.thumbnail import encode_thumbnail

if TYPE_CHECKING:
    from siam.engine.answers.answer import Answer
    from siam.engine.verify import PairAnswer

__all__ = ["answer_html", "answer_line", "answer_text", "pair_html", "pair_line", "printable"]

SHOWN = 5
STYLE = "image-rendering:pixelated;width:64px;height:64px;object-fit:contain"


def printable(text: str) -> str:
    r"""Return text with what is not printable escaped.

    Example:
        >>> printable("né\x1b[2J")
        'né\\x1b[2J'
    """
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )


def answer_line(answer: Answer) -> str:
    """Return an answer in a line: the label, the verdict, the probability."""
    label = printable(answer.label) if answer.label else "(no label)"
    return f"{label}  {answer.verdict}, probability {answer.probability:.1%}"


def answer_text(answer: Answer) -> str:
    """Return an answer in lines: itself, its reason, the notes, the nearest neighbours."""
    lines = [answer_line(answer), printable(answer.reason)]
    if answer.prepared:
        lines += [f"note: {note}" for note in answer.prepared.notes]
    lines += [
        f"{printable(near.label or '-'):<12} {near.distance:.3f}  {printable(near.key)}"
        for near in answer.neighbours[:SHOWN]
    ]
    if len(answer.neighbours) > SHOWN:
        lines.append(f"... and {len(answer.neighbours) - SHOWN} more neighbours")
    return "\n".join(lines)


def answer_html(answer: Answer) -> str:
    """Return an answer as HTML: what the network saw, then its neighbours, nearest first."""
    figures = []
    if answer.prepared:
        figures.append(figure(encode_thumbnail(answer.prepared.pixels), answer.input))
    figures += [
        figure(near.thumbnail, f"{near.label or '-'} at {near.distance:.3f}", near.key)
        for near in answer.neighbours
    ]
    return block(answer_line(answer), answer.reason, figures)


def pair_line(answer: PairAnswer) -> str:
    """Return the verdict on two pictures in a line."""
    return f"{answer.verdict}, probability of the same class {answer.probability:.1%}"


def pair_html(answer: PairAnswer) -> str:
    """Return the verdict on two pictures as HTML: what the network saw of both."""
    names = (answer.left, answer.right)
    figures = [
        figure(encode_thumbnail(seen.pixels), name)
        for name, seen in zip(names, answer.prepared, strict=True)
    ]
    return block(pair_line(answer), answer.reason, figures)


def block(line: str, reason: str, figures: Sequence[str]) -> str:
    """Put an answer's parts together."""
    row = f'<div style="display:flex;flex-wrap:wrap;gap:8px">{"".join(figures)}</div>'
    return f"<div><strong>{escape(line)}</strong><br>{escape(reason)}{row}</div>"


def figure(png: bytes | None, caption: str, title: str = "") -> str:
    """Return a picture, or an empty place of its size, above its caption."""
    title, caption = escape(title or caption), escape(caption)
    shown = f'<div style="{STYLE}"></div>'
    if png:
        content = base64.b64encode(png).decode()
        shown = f'<img style="{STYLE}" alt="{title}" src="data:image/png;base64,{content}">'
    return (
        f'<figure style="margin:0;max-width:96px;overflow-wrap:anywhere" title="{title}">'
        f"{shown}<figcaption>{caption}</figcaption></figure>"
    )
