"""Filters such as "label=3 and not taken<2024-01-01", parsed here and answered by SQLite.

    filter     = and-terms joined by "or"
    and-term   = factors joined by "and"
    factor     = "not" factor | "(" filter ")" | FIELD OPERATOR VALUE
    OPERATOR   = one of  = != < <= > >=
    FIELD      = id, key, label, origin, split, hash, or a name from the items' metadata
    VALUE      = a word, or a text in single or double quotes

A VALUE that is a number compares with numbers as a number, everything else as text, so that ISO
dates order rightly. Where an item lacks the FIELD a comparison is false, and its "not" (and
"!=") true. Values reach SQLite as bound parameters only.
"""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from siam.array_types import Integers
from siam.errors import UsageError
from siam.pictures.names import to_text

__all__ = ["COLUMNS", "FIELDS", "Comparison", "number_of", "parse", "select"]

COLUMNS = ("key", "label", "origin", "split", "hash")
FIELDS = ("id", *COLUMNS)  # no metadata may be called so
TOKEN = re.compile(
    r"\s*(?:(?P<mark>[()]|<=|>=|!=|==|=|<|>)"
    r"|(?P<quoted>'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")"
    r"|(?P<word>[^\s()=<>!'\"]+))"
)
FIELD = re.compile(r"[A-Za-z_][\w.-]*")
OPERATORS = ("=", "==", "!=", "<", "<=", ">", ">=")
Value = str | float | int
MOST = 300  # comparisons in one filter; SQLite's expressions may nest 1,000 deep
CURE = 'Write it like --where "label=3 and (split=train or taken>=2024-01-01)".'


class Comparison(msgspec.Struct, frozen=True):
    """FIELD OPERATOR VALUE.

    Attributes:
        field: its name.
        operator: one of = < <= > >=.
        text: the value as it was written, without quotes.
        number: the number that it spells; None for none, or in quotes.
        negated: whether it must not hold, as with "!=".
    """

    field: str
    operator: str
    text: str
    number: float | int | None
    negated: bool


def select(
    connection: sqlite3.Connection,
    where: str | Sequence[str],
    *,
    has_field: Callable[[str], bool] | None = None,
) -> Integers:
    """Return the ids of the items that pass every filter: int64, ascending.

    Args:
        connection: to the catalogue.
        where: one filter or several, which must all hold; none lets everything through.
        has_field: tells whether any item has further values of a name; the items of `connection`
            where it is left out.

    Raises:
        UsageError: a filter that cannot be read, or a field that no item has.
    """
    filters = [where] if isinstance(where, str) else list(where)
    conditions, values, names = ["1"], list[Value](), set[str]()
    for text in filters:
        words = []
        for part in parse(text):
            if isinstance(part, Comparison):
                condition, bound = _compare(part.field, part.operator, part.text, part.number)
                values += bound
                names.add(part.field)
                part = f"NOT {condition}" if part.negated else condition
            words.append(part)
        conditions.append(f"({' '.join(words)})")
    for name in sorted(names - {*FIELDS}):
        if not (has_field(name) if has_field else _has_field(connection, name)):
            raise UsageError(
                f"No item of this index has {name!r} to filter by.",
                f"Fields are {', '.join(FIELDS)}, and what --meta gave.",
            )
    condition = " AND ".join(conditions)
    rows = connection.execute(f"SELECT id FROM items WHERE {condition} ORDER BY id", values)
    return np.fromiter((row[0] for row in rows), np.int64)


def _has_field(connection: sqlite3.Connection, name: str) -> bool:
    row = connection.execute(
        "SELECT 1 FROM items WHERE meta != '' AND json_type(meta, ?) IS NOT NULL LIMIT 1",
        (_path(name),),
    ).fetchone()
    return row is not None


def _path(name: str) -> str:
    return f'$."{name}"'


def parse(text: str) -> list[Comparison | str]:
    """Return a filter as comparisons, and between them AND, OR, NOT and brackets.

    SQLite joins by the same words, with the same precedence.

    Raises:
        UsageError: it cannot be read.

    Example:
        >>> [part for part in parse("not (id<3 or label=b)") if isinstance(part, str)]
        ['NOT', '(', 'OR', ')']
    """
    text = to_text(text)  # as the catalogue's names

    def error(problem: str) -> UsageError:
        return UsageError(f"The filter {text!r} cannot be read: {problem}.", CURE)

    def following(what: str) -> tuple[str, str]:
        token = next(rest, None)
        if token is None:
            raise error(f"it ends where {what} should come")
        return token

    tokens, at = [], 0
    while match := TOKEN.match(text, at):
        tokens.append((str(match.lastgroup), match[0].strip()))
        at = match.end()
    if text[at:].strip():
        raise error(f"{text[at:].strip()!r} cannot be read")
    parts, operands, depth, due = list[Comparison | str](), 0, 0, True  # due: an operand
    rest = iter(tokens)
    for kind, word in rest:
        plain = "" if kind == "quoted" else word.lower()
        if not due:
            if plain not in ("and", "or", ")") or (plain == ")" and not depth):
                raise error(f"{word!r} comes where 'and' or 'or' should")
            parts.append(plain.upper())
            depth -= plain == ")"
            due = plain != ")"
            continue
        operands += 1
        if operands > MOST:
            raise UsageError(f"A filter may hold {MOST} comparisons at most; this one holds more.")
        if plain in ("not", "("):
            parts.append(plain.upper())
            depth += plain == "("
            continue
        if kind != "word" or not FIELD.fullmatch(word):
            raise error(f"{word!r} stands where a field such as label should")
        _, mark = following(f"an operator after {word!r}")
        if mark not in OPERATORS:
            raise error(f"{mark!r} stands where = != < <= > or >= should")
        kind, value = following(f"a value after '{word}{mark}'")
        if kind == "mark":
            raise error(f"{value!r} stands where a value should")
        if kind == "quoted":
            value = value[1:-1].replace(value[0] * 2, value[0])
        number = None if kind == "quoted" else number_of(value)
        if word == "id" and number is None:
            raise error(f"id is a number, received {value!r}")
        operator = "=" if mark in ("==", "!=") else mark
        parts.append(Comparison(word, operator, value, number, mark == "!="))
        due = False
    if due:
        raise error("it ends where a field should come")
    if depth:
        raise error("a bracket is not closed")
    return parts


def _compare(
    field: str, operator: str, text: str, number: float | int | None
) -> tuple[str, list[Value]]:
    """Return a comparison in SQL, and the values that are bound in it."""
    if number is None or (operator == "=" and field in COLUMNS):
        if field in COLUMNS:
            return f"({field} {operator} ?)", [text]
        value = "CAST(iif(meta = '', NULL, json_extract(meta, ?)) AS TEXT)"
        return f"coalesce({value} {operator} ?, 0)", [_path(field), text]
    if field == "id":
        return f"(id {operator} ?)", [number]
    if field in COLUMNS:
        # Columns are text; one that spells a number is ordered as that number.
        spelt = f"CAST({field} AS NUMERIC)"
        return (
            f"(CASE WHEN CAST({spelt} AS TEXT) = {field}"
            f" THEN {spelt} {operator} ? ELSE {field} {operator} ? END)"
        ), [number, text]
    value, path = "iif(meta = '', NULL, json_extract(meta, ?))", _path(field)
    return (
        f"coalesce(CASE WHEN typeof({value}) IN ('integer', 'real')"
        f" THEN {value} {operator} ? ELSE {value} {operator} ? END, 0)"
    ), [path, path, number, path, text]


def number_of(text: str) -> float | int | None:
    """Return the number that `text` spells; true and false are 1 and 0, as JSON's are to SQLite."""
    if text.lower() in ("true", "false"):
        return int(text.lower() == "true")
    try:
        number = float(text)
    except ValueError:
        return None
    if not math.isfinite(number):
        return None
    return int(text) if re.fullmatch(r"[+-]?\d{1,18}", text) else number
