"""Filters against a Python evaluator that loops over the items."""

from __future__ import annotations

import operator
import sqlite3
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siam.errors import UsageError
from siam.index.filters import select

ROWS: list[dict[str, Any]] = [
    {"label": "3", "split": "train", "taken": "2023-05-01", "size": 10, "checked": True},
    {"label": "3", "split": "test", "taken": "2024-01-01", "size": 2.5},
    {"label": "10", "split": "train", "taken": "2024-02-01", "size": "large"},
    {"label": "cat's", "split": "train", "checked": False},
    {"label": "", "split": ""},
    {"label": "or", "split": "train", "size": -1},
]
COLUMNS = ("label", "split")
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@pytest.fixture(scope="module")
def connection() -> sqlite3.Connection:
    import json

    made = sqlite3.connect(":memory:")
    made.execute(
        "CREATE TABLE items (id INTEGER PRIMARY KEY, key, label, origin, split, hash, meta)"
    )
    for number, row in enumerate(ROWS, 1):
        meta = {name: value for name, value in row.items() if name not in COLUMNS}
        text = json.dumps(meta) if meta else ""
        made.execute(
            "INSERT INTO items VALUES (?, ?, ?, ?, ?, '', ?)",
            (number, f"k{number}", row["label"], f"folder/{number}.png", row["split"], text),
        )
    made.commit()
    return made


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("label=3", [1, 2]),
        ("label == 3 and split = train", [1]),
        ("label=3 or label=10", [1, 2, 3]),
        ("label!=3", [3, 4, 5, 6]),
        ("not label=3", [3, 4, 5, 6]),
        ("taken>=2024-01-01", [2, 3]),
        ("not taken>=2024-01-01", [1, 4, 5, 6]),
        ("taken!=2024-01-01", [1, 3, 4, 5, 6]),
        ("size>2", [1, 2, 3]),  # "large" > "2" as text
        ("size<=2.5", [2, 6]),
        ("size=large", [3]),
        ("size=10", [1]),
        ("size='10'", [1]),
        ("checked=true", [1]),
        ("checked=false", [4]),
        ("label<9", [1, 2, 5]),  # 3 < 9 as numbers, "" < "9" as texts, 10 is not below 9
        ('label="cat\'s"', [4]),
        ("label='cat''s'", [4]),
        ("label='or' or label='and'", [6]),
        ("label=''", [5]),
        ("key=k2", [2]),
        ("origin=folder/3.png", [3]),
        ("id>4", [5, 6]),
        ("split=train and (label=3 or label=10) and not size=10", [3]),
        ("label=3 or label=10 and split=test", [1, 2]),
        ("NOT split=train AND NOT split=test", [5]),
    ],
)
def test_hand_checked(connection: sqlite3.Connection, where: str, expected: list[int]) -> None:
    assert select(connection, where).tolist() == expected


def test_several_filters_must_all_hold(connection: sqlite3.Connection) -> None:
    assert select(connection, ["label=3", "split=train"]).tolist() == [1]
    assert select(connection, []).tolist() == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("label", "ends where an operator"),
        ("label=", "ends where a value"),
        ("=3", "stands where a field"),
        ("label=3 split=train", "'and' or 'or'"),
        ("(label=3", "not closed"),
        ("label=3)", "'and' or 'or'"),
        ("label='3", "cannot be read"),
        ("label=(3)", "where a value should"),
        ("", "ends where a field"),
        ("id=three", "id is a number"),
        ("label like 3", "where = !="),
        ("lable=3", "No item of this index has 'lable'"),
        ("not lable=3", "No item of this index has 'lable'"),
        ("(" * 400 + "label=3" + ")" * 400, "300 comparisons"),
    ],
)
def test_refused_with_words(connection: sqlite3.Connection, where: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        select(connection, where)
    assert words in str(caught.value)


def test_a_name_of_other_bytes_is_found_as_it_is_kept(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE items SET label = 'caf\\xe9' WHERE id = 1")
    assert select(connection, "label='caf\udce9'").tolist() == [1]
    connection.rollback()


def test_values_never_become_sql(connection: sqlite3.Connection) -> None:
    attack = 'label="x\' OR 1=1; DROP TABLE items; --"'
    assert select(connection, attack).tolist() == []
    assert connection.execute("SELECT count(*) FROM items").fetchone() == (6,)


def holds(row: dict[str, Any], field: str, mark: str, text: str) -> bool:
    """The oracle: one comparison as the module's docstring words it."""
    if mark == "!=":
        return not holds(row, field, "=", text)
    value = row.get(field)
    if value is None:
        return False
    number: float | None = None
    if text in ("true", "false"):
        number = float(text == "true")
    elif text.replace(".", "", 1).lstrip("-").isdigit():
        number = float(text)
    if field in COLUMNS and number is not None and value.isdigit():
        return (
            COMPARE[mark](str(value), text) if mark == "=" else COMPARE[mark](float(value), number)
        )
    if isinstance(value, (bool, int, float)):
        if number is not None:
            return COMPARE[mark](float(value), number)
        value = int(value)
    return COMPARE[mark](str(value), text)


comparisons = st.tuples(
    st.sampled_from(["label", "split", "taken", "size", "checked"]),
    st.sampled_from([*COMPARE, "!="]),
    st.sampled_from(["3", "10", "train", "2024-01-01", "2.5", "large", "true", "-1"]),
)


@settings(max_examples=300)
@given(
    tree=st.recursive(
        comparisons,
        lambda inner: st.one_of(
            st.tuples(st.just("not"), inner),
            st.tuples(st.sampled_from(["and", "or"]), inner, inner),
        ),
        max_leaves=8,
    )
)
def test_equals_a_loop_over_the_items(connection: sqlite3.Connection, tree: Any) -> None:
    def text(node: Any) -> str:
        if node[0] == "not":
            return f"not ({text(node[1])})"
        if node[0] in ("and", "or"):
            return f"({text(node[1])}) {node[0]} ({text(node[2])})"
        return "".join(node)

    def truth(node: Any, row: dict[str, Any]) -> bool:
        if node[0] == "not":
            return not truth(node[1], row)
        if node[0] in ("and", "or"):
            left, right = truth(node[1], row), truth(node[2], row)
            return (left and right) if node[0] == "and" else (left or right)
        return holds(row, *node)

    expected = [number for number, row in enumerate(ROWS, 1) if truth(tree, row)]
    assert select(connection, text(tree)).tolist() == expected
    assert select(connection, text(tree)).dtype == np.int64
