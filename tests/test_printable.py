"""Control characters of foreign names: spelt out, in one line or in several."""

from __future__ import annotations

import pytest

from siam.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", r"\x1b[2J"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("a\r\nb\tc", r"a\r\nb\tc"),
        ("gpj\u202egnp", r"gpj\u202egnp"),
        ("a\u2028b", r"a\u2028b"),
        ("caf\udce9", r"caf\udce9"),
        ("größer 数字 é\u00a0%", "größer 数字 é\u00a0%"),
    ],
    ids=ascii,
)
def test_what_moves_a_cursor_or_turns_a_line_is_spelt_out(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(text).encode().decode() == shown


def test_text_of_several_lines_keeps_them() -> None:
    assert printable("a\n\tb\r\x1b\n", lines=True) == "a\n\tb\\r\\x1b\n"
