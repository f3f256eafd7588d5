"""What answers are shown with in a notebook: blocks of pictures, their markup escaped."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

__all__ = ["block", "figure"]

STYLE = "image-rendering:pixelated;width:64px;height:64px;object-fit:contain"


def block(line: str, reason: str, figures: Sequence[str]) -> str:
    """Return an answer as HTML: its line, its reason, its pictures in a row."""
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
