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
from collections.abc import Sequence

import numpy as np

from siam.array_types import Integers
from siam.errors import UsageError
from siam.pictures.names import to_text

__all__ = ["FIELDS", "select"]

COLUMNS = ("key", "label", "origin", "split", "hash")
FIELDS = ("id", *COLUMNS)  # no metadata may be called so
TOKEN = re.compile(
    r"\s*(?:(?P<mark>[()]|<=|>=|!=|==|=|<|>)"
    r"|(?P<quoted>'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")"
    r"|(?P<word>[^\s()=<>!'\"]+))"
)
FIELD = re.compile(r"[A-Za-z_][\w.-]*")
OPERATORS = {"=": "=", "==": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
MOST = 300  # comparisons in one filter; SQLite's expressions may nest 1,000 deep
CURE = 'Write it like --where "label=3 and (split=train or taken>=2024-01-01)".'


def select(connection: sqlite3.Connection, where: str | Sequence[str]) -> Integers:
    """Return the ids of the items that pass every filter: int64, ascending.

    Args:
        connection: to the catalogue.
        where: one filter or several, which must all hold; none lets everything through.

    Raises:
        UsageError: a filter that cannot be read, or a field that no item has.
    """
    filters = [where] if isinstance(where, str) else list(where)
    parsers = [_Parser(text) for text in filters]
    conditions = [parser.parse() for parser in parsers]
    for name in sorted({name for parser in parsers for name in parser.metadata}):
        _require(connection, name)
    condition = " AND ".join(conditions) or "1"
    values = [value for parser in parsers for value in parser.values]
    rows = connection.execute(f"SELECT id FROM items WHERE {condition} ORDER BY id", values)
    return np.fromiter((row[0] for row in rows), np.int64)


def _require(connection: sqlite3.Connection, name: str) -> None:
    row = connection.execute(
        "SELECT 1 FROM items WHERE meta != '' AND json_type(meta, ?) IS NOT NULL LIMIT 1",
        (_path(name),),
    ).fetchone()
    if row is None:
        raise UsageError(
            f"No item of this index has {name!r} to filter by.",
            f"Fields are {', '.join(FIELDS)}, and what --meta gave.",
        )


def _path(name: str) -> str:
    return f'$."{name}"'


class _Parser:
    """Turns one filter into a SQL condition, its bound values, and the metadata it names."""

    def __init__(self, text: str) -> None:
        self.text = to_text(text)  # as the names in the catalogue
        self.values: list[str | float | int] = []
        self.metadata: set[str] = set()
        self._tokens = self._split()
        self._next = 0
        self._comparisons = 0

    def parse(self) -> str:
        condition = self._any()
        if self._next < len(self._tokens):
            raise self._error(f"{self._tokens[self._next][1]!r} comes where 'and' or 'or' should")
        return condition

    def _split(self) -> list[tuple[str, str]]:
        tokens = []
        at = 0
        text = self.text.rstrip()
        while at < len(text):
            match = TOKEN.match(text, at)
            if match is None:
                raise self._error(f"{text[at:].strip()!r} cannot be read")
            tokens.append((str(match.lastgroup), match[0].strip()))
            at = match.end()
        return tokens

    def _any(self) -> str:
        terms = [self._all()]
        while self._accept("or"):
            terms.append(self._all())
        return f"({' OR '.join(terms)})"

    def _all(self) -> str:
        terms = [self._one()]
        while self._accept("and"):
            terms.append(self._one())
        return f"({' AND '.join(terms)})"

    def _one(self) -> str:
        self._comparisons += 1
        if self._comparisons > MOST:
            raise UsageError(f"A filter may hold {MOST} comparisons at most; this one holds more.")
        if self._accept("not"):
            return f"NOT {self._one()}"
        if self._accept("("):
            condition = self._any()
            if not self._accept(")"):
                raise self._error("a bracket is not closed")
            return condition
        return self._comparison()

    def _comparison(self) -> str:
        kind, field = self._expect("a field")
        if kind != "word" or not FIELD.fullmatch(field):
            raise self._error(f"{field!r} stands where a field such as label should")
        _, mark = self._expect(f"an operator after {field!r}")
        if mark not in OPERATORS:
            raise self._error(f"{mark!r} stands where = != < <= > or >= should")
        kind, text = self._expect(f"a value after '{field}{mark}'")
        if kind == "mark":
            raise self._error(f"{text!r} stands where a value should")
        if kind == "quoted":
            text = text[1:-1].replace(text[0] * 2, text[0])
        operator = OPERATORS[mark]
        number = None if kind == "quoted" else _number(text)
        if operator == "!=":
            return f"NOT {self._compare(field, '=', text, number)}"
        return self._compare(field, operator, text, number)

    def _compare(self, field: str, operator: str, text: str, number: float | int | None) -> str:
        if field == "id":
            if number is None:
                raise self._error(f"id is a number, received {text!r}")
            self.values.append(number)
            return f"(id {operator} ?)"
        if field in COLUMNS:
            if number is None or operator == "=":
                self.values.append(text)
                return f"({field} {operator} ?)"
            # Columns are text; one that spells a number is ordered as that number.
            self.values += [number, text]
            spelt = f"CAST({field} AS NUMERIC)"
            return (
                f"(CASE WHEN CAST({spelt} AS TEXT) = {field}"
                f" THEN {spelt} {operator} ? ELSE {field} {operator} ? END)"
            )
        self.metadata.add(field)
        value = "iif(meta = '', NULL, json_extract(meta, ?))"
        path = _path(field)
        if number is None:
            self.values += [path, text]
            return f"coalesce(CAST({value} AS TEXT) {operator} ?, 0)"
        self.values += [path, path, number, path, text]
        return (
            f"coalesce(CASE WHEN typeof({value}) IN ('integer', 'real')"
            f" THEN {value} {operator} ? ELSE {value} {operator} ? END, 0)"
        )

    def _accept(self, word: str) -> bool:
        if self._next < len(self._tokens):
            kind, text = self._tokens[self._next]
            if kind != "quoted" and text.lower() == word:
                self._next += 1
                return True
        return False

    def _expect(self, word: str) -> tuple[str, str]:
        if self._next == len(self._tokens):
            raise self._error(f"it ends where {word} should come")
        self._next += 1
        return self._tokens[self._next - 1]

    def _error(self, problem: str) -> UsageError:
        return UsageError(f"The filter {self.text!r} cannot be read: {problem}.", CURE)


def _number(text: str) -> float | int | None:
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
