"""A filter as an expression of Milvus': the same items where it can say that, else some more.

What compares columns and ids is said exactly. Metadata is compared by the rules of SQLite's JSON,
which Milvus' differ from (types, missing values, numbers that are spelt as texts): there the
expression lets through all that may pass, and the caller looks at those itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from siam.index.filters import COLUMNS, Comparison, number_of, parse

__all__ = ["to_expression"]

OPPOSITE = {"=": "!=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
PLAIN = re.compile("[A-Za-z_][A-Za-z0-9_]*")
# An expression, "" for everything; and whether it lets through just what passes.
Expression = tuple[str, bool]


def to_expression(where: str | Sequence[str]) -> Expression:
    """Return filters as one expression, and whether it is exact.

    Args:
        where: one filter or several, which must all hold.

    Raises:
        UsageError: a filter that cannot be read.

    Example:
        >>> to_expression("label=3 or not split=train")
        ('label == "3" or split != "train"', True)
        >>> to_expression("label=3 and lux>40")
        ('label == "3"', False)
    """
    filters = [where] if isinstance(where, str) else list(where)
    return _join("and", [_any_of(_Tokens(parse(text)), negated=False) for text in filters])


class _Tokens(Iterator[Comparison | str]):
    """Parts of a filter, with a look at the next."""

    def __init__(self, parts: Sequence[Comparison | str]) -> None:
        self._parts, self._at = parts, 0

    def __next__(self) -> Comparison | str:
        self._at += 1
        return self._parts[self._at - 1]

    def take(self, word: str) -> bool:
        """Go past `word` if it is next."""
        there = self._at < len(self._parts) and self._parts[self._at] == word
        self._at += there
        return there


def _any_of(tokens: _Tokens, *, negated: bool) -> Expression:
    terms = [_all_of(tokens, negated=negated)]
    while tokens.take("OR"):
        terms.append(_all_of(tokens, negated=negated))
    return _join("and" if negated else "or", terms)


def _all_of(tokens: _Tokens, *, negated: bool) -> Expression:
    terms = [_one(tokens, negated=negated)]
    while tokens.take("AND"):
        terms.append(_one(tokens, negated=negated))
    return _join("or" if negated else "and", terms)


def _one(tokens: _Tokens, *, negated: bool) -> Expression:
    while tokens.take("NOT"):
        negated = not negated
    if tokens.take("("):
        inside = _any_of(tokens, negated=negated)
        tokens.take(")")
        return inside
    comparison = next(tokens)
    assert isinstance(comparison, Comparison)
    return _compare(comparison, negated=negated != comparison.negated)


def _join(word: str, terms: Sequence[Expression]) -> Expression:
    exact = all(sure for _, sure in terms)
    if word == "or" and any(not text for text, _ in terms):
        return "", exact
    texts = [text for text, _ in terms if text]
    if len(texts) > 1:
        texts = [f"({text})" if " or " in text or " and " in text else text for text in texts]
    return f" {word} ".join(texts), exact


def _compare(one: Comparison, *, negated: bool) -> Expression:
    operator = OPPOSITE[one.operator] if negated else one.operator
    sign = "==" if operator == "=" else operator
    text = json.dumps(one.text, ensure_ascii=False)
    if one.field == "id":
        return (f"id {sign} {one.number}", True) if isinstance(one.number, int) else ("", False)
    if one.field in COLUMNS:
        # A number is compared with texts that spell one, which Milvus cannot.
        as_text = one.number is None or one.operator == "="
        return (f"{one.field} {sign} {text}", True) if as_text else ("", False)
    if operator != "=" or negated or not PLAIN.fullmatch(one.field) or one.text[:1] in ("[", "{"):
        return "", False
    value = f"meta[{json.dumps(one.field)}]"
    ways = [f"{value} == {text}"]
    number = number_of(one.text)  # also of a text in quotes, which equals a number that is spelt so
    if number is not None:
        ways.append(f"{value} == {number!r}")
        if number in (0, 1):
            ways.append(f"{value} == {'true' if number else 'false'}")
    return " or ".join(ways), False
