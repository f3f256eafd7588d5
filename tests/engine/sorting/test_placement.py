"""Where an answer sends its picture, and names that every system takes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siam.engine.answers.answer import Answer
from siam.engine.sorting.placement import VERDICT_FOLDERS, folder_names, free_place, place_of
from siam.evaluation.verdict import Word
from siam.runs.plain_files import is_plain_name


@pytest.mark.parametrize(
    ("verdict", "label", "sure", "all_labels"),
    [
        ("match", "cat", "cats", "cats"),
        ("unsure", "cat", "unsure", "cats"),
        ("unsure", None, "unsure", "unsure"),
        ("no match", "cat", "no match", "no match"),
        ("no match", None, "no match", "no match"),
    ],
)
def test_places(verdict: Word, label: str | None, sure: str, all_labels: str) -> None:
    answer = Answer("a.png", verdict, label, 0.5, "near")
    assert place_of(answer, {"cat": "cats"}, sure_only=True) == sure
    assert place_of(answer, {"cat": "cats"}, sure_only=False) == all_labels


@given(st.lists(st.text(min_size=1), unique=True))
def test_folders_are_plain_and_differ_on_every_system(labels: list[str]) -> None:
    names = folder_names(labels)
    assert list(names) == labels
    folded = [name.casefold() for name in names.values()]
    assert len({*folded, *VERDICT_FOLDERS}) == len(folded) + len(VERDICT_FOLDERS)
    assert all(is_plain_name(part) for name in names.values() for part in name.split("/"))


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "A.png").touch()
    taken: dict[str, set[str]] = {}
    places = [free_place("cat", name, taken, tmp_path) for name in ("a.png", "a.png", "b")]
    assert places == ["cat/a-2.png", "cat/a-3.png", "cat/b"]
    assert free_place("new", "a.png", taken, tmp_path) == "new/a.png"
