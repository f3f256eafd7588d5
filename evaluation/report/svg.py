"""Matplotlib figures as SVG that follows the page: its width, and its colours, light or dark."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["ACCENT", "DIFFERENT", "SAME", "Plot", "figure", "to_svg"]

# Readable on white and on black alike.
SAME = "#1b9e8f"
DIFFERENT = "#e07a3f"
ACCENT = "#5b7fdb"

# Stand-ins that no figure uses otherwise; the SVG gets the page's own colours in their place.
INK = "#123456"
GRID = "#123457"

# Any: Matplotlib types the keys as one long Literal, which a plain dictionary does not meet.
STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "siam",
    "font.family": "sans-serif",
    "font.size": 11,
    "text.color": INK,
    "axes.edgecolor": GRID,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "xtick.color": INK,
    "ytick.color": INK,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "legend.frameon": False,
    "legend.labelcolor": INK,
}


@dataclass(frozen=True)
class Plot:
    """A drawing of `to_svg`, and what is said below it."""

    svg: str
    caption: str = ""


@contextlib.contextmanager
def figure(width: float = 5.0, height: float = 3.6) -> Iterator[tuple[Figure, Axes]]:
    """Yield a figure with one axes in the page's style, in inches; no display is needed."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        drawing = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasSVG(drawing)
        yield drawing, drawing.add_subplot()


def to_svg(drawing: Figure, name: str, description: str) -> str:
    """Return a figure as an SVG element to be put into a page.

    Args:
        drawing: a figure from `figure`, still within its block.
        name: prefix of every id in it, since a page's ids must differ.
        description: what a screen reader says; plain text without markup.
    """
    buffer = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    drawing.savefig(buffer, format="svg", metadata=nothing)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", text)
    text = text.replace(INK, "currentColor").replace(GRID, "var(--line)")
    # The page sets the width; the height follows from the view box.
    head, rest = text.split(">", 1)
    head = re.sub(r'\s(width|height)="[^"]*"', "", head)
    return f'{head} role="img" aria-label="{description}">{rest}'
