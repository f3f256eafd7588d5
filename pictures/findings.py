"""What may be wrong with a picture: kinds that decisions hang on, and sentences made of them."""

from __future__ import annotations

import re
from typing import Literal, Self

import msgspec

__all__ = ["Finding", "FindingKind"]

FindingKind = Literal["blank", "plain", "noise", "several", "cut"]

_SENTENCES: dict[FindingKind, str] = {
    "blank": "the picture is blank",
    "plain": "nothing but one colour",
    "noise": "nothing but noise",
    "several": "more than one digit found: {count} separate marks",
    "cut": "ink touches the border",
}


class Finding(msgspec.Struct, frozen=True):
    """One thing that may be wrong with a picture.

    Attributes:
        kind: "blank" no mark at all, "plain" a photo of one colour, "noise" no mark that is likely
            one, "several" marks of which one was taken, "cut" a mark that may go on past the
            border.
        count: how many marks there are, of "several".

    Example:
        >>> Finding("several", count=3).sentence
        'more than one digit found: 3 separate marks'
    """

    kind: FindingKind
    count: int = 1

    @property
    def sentence(self) -> str:
        """What people are told."""
        return _SENTENCES[self.kind].format(count=self.count)

    @property
    def doubtful(self) -> bool:
        """True if what is seen may not be what was meant."""
        return self.kind in ("blank", "plain", "noise", "several")

    @classmethod
    def from_sentence(cls, sentence: str) -> Self:
        """Return the finding that says this.

        Raises:
            ValueError: none does.

        Example:
            >>> Finding.from_sentence("ink touches the border").kind
            'cut'
        """
        number = re.search(r"\d+", sentence)
        count = int(number[0]) if number else 1
        for kind in _SENTENCES:
            finding = cls(kind, count)
            if finding.sentence == sentence:
                return finding
        raise ValueError(f"no finding says {sentence!r}")
