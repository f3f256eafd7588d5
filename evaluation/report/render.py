"""The one engine of siam's pages: templates in `templates/`, escaped, whole in one file.

A page's style and script stand in it, and its Content-Security-Policy has the browser itself
refuse anything from outside the file, and any script but siam's own.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from siam.errors import MissingExtraError
from siam.printable import printable

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["render"]

TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, **content: Any) -> str:
    """Return a page.

    Args:
        template: a file of `templates/`, which extends `base.html`.
        content: what it shows. Text is escaped, and control characters are spelt out; only the
            SVG of a plot, which siam makes, goes in as it is.

    Raises:
        MissingExtraError: jinja2 is not installed.
    """
    return environment().get_template(template).render(**content)


@cache
def environment() -> Environment:
    """Return the engine with what every page holds."""
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
    except ImportError as error:
        raise MissingExtraError("A page", "train") from error
    from markupsafe import Markup

    engine = Environment(
        loader=FileSystemLoader(TEMPLATES, encoding="utf-8"),
        autoescape=True,
        finalize=show,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = (TEMPLATES / "map.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    engine.globals |= {
        "policy": Markup(
            "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
            f"script-src 'sha256-{digest}'"
        ),
        "script": Markup(script),
        "style": Markup((TEMPLATES / "page.css").read_text(encoding="utf-8")),
    }
    engine.filters["thousands"] = "{:,}".format
    return engine


def show(value: Any) -> Any:  # jinja2 hands over whatever a template shows
    """Return text with its control characters spelt out, markup and anything else as it is."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return printable(value, lines=True)
