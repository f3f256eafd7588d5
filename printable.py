"""Text that came from a file, such as a name or a label, made safe to show."""

from __future__ import annotations

import re

__all__ = ["CONTROLS", "printable"]

# What moves a terminal's cursor, ends a line or turns its direction, and halves of characters,
# which no output takes.
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str, *, lines: bool = False) -> str:
    r"""Return text with its control characters spelt out.

    Args:
        text: of any origin.
        lines: leave tabs and line ends as they are, for text of several lines.

    Example:
        >>> printable("né\x1b[2J\n")
        'né\\x1b[2J\\n'
    """

    def spell_out(control: re.Match[str]) -> str:
        return control[0] if lines and control[0] in "\t\n" else ascii(control[0])[1:-1]

    return CONTROLS.sub(spell_out, text)
