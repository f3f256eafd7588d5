"""Filters as Milvus' expressions: just what passes where that can be said, never less."""

from __future__ import annotations

import pytest

from siam.errors import UsageError
from siam.index.stores.milvus_filters import to_expression


@pytest.mark.parametrize(
    ("where", "expression", "exact"),
    [
        ((), "", True),
        ("label=3", 'label == "3"', True),
        ("label!=3", 'label != "3"', True),
        (["label=3", "split=train"], 'label == "3" and split == "train"', True),
        ("not (label=a or split=b)", 'label != "a" and split != "b"', True),
        ("not (id<3 and not key>='k')", 'id >= 3 or key >= "k"', True),
        ("(label=a or label=b) and id>4", '(label == "a" or label == "b") and id > 4', True),
        ("label='say \"x\\'", 'label == "say \\"x\\\\"', True),
        ("id>2.5", "", False),  # Milvus compares whole numbers with whole ones
        ("label>3", "", False),  # as numbers, where a label spells one
        ("lux>40 and label=a", 'label == "a"', False),
        ("lux>40 or label=a", "", False),
        ("not lux=40", "", False),
        ("lux=40 and id>1", '(meta["lux"] == "40" or meta["lux"] == 40) and id > 1', False),
        ("on=true", 'meta["on"] == "true" or meta["on"] == 1 or meta["on"] == true', False),
        ("lux='40'", 'meta["lux"] == "40" or meta["lux"] == 40', False),
        ("a.b=x", "", False),
    ],
)
def test_an_expression_lets_through_what_may_pass(where: str, expression: str, exact: bool) -> None:
    assert to_expression(where) == (expression, exact)


def test_what_is_no_filter_is_refused() -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        to_expression("label=")
