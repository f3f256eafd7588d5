"""How answers look in a terminal and in a notebook."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import numpy as np

from siam.engine.answers.answer import Answer, Neighbour
from siam.engine.verification.pair import PairAnswer
from siam.pictures.findings import Finding
from siam.pictures.preparation import Prepared
from siam.pictures.thumbnail import encode_thumbnail

SEEN = Prepared(np.zeros((28, 28, 1), np.uint8), (), {}, (Finding("cut"),))
NEAR = Neighbour(1, "5", 0.0721, "a.png", "a.png", encode_thumbnail(SEEN.pixels))
ANSWER = Answer("b.png", "match", "5", 0.999, "nearest 5 at 0.072", (NEAR,) * 7, SEEN)
PAIR = PairAnswer("a.png", "b.png", "same", 0.1, 0.98, 0.9, "0.100 apart", (SEEN, SEEN))
HOSTILE = "<script>alert('x')</script>\x1b[2J\""


class Tags(HTMLParser):
    """The tags of a page, and what their attributes say."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


def test_the_answer_comes_first() -> None:
    assert repr(ANSWER) == "<Answer: 5  match, probability 99.9% (b.png)>"
    lines = str(ANSWER).splitlines()
    assert lines[:3] == [
        "5  match, probability 99.9%",
        "nearest 5 at 0.072",
        "note: ink touches the border",
    ]
    assert lines[3].split() == ["5", "0.072", "a.png"]
    assert lines[-1] == "... and 2 more neighbours"
    assert str(PAIR) == "same, probability of the same class 98.0%\n0.100 apart"
    assert repr(PAIR) == "<PairAnswer: same, probability of the same class 98.0% (a.png, b.png)>"


def test_a_notebook_shows_the_pictures() -> None:
    page = Tags(ANSWER._repr_html_())
    assert page.tags.count("img") == 8
    sources = [value for name, value in page.attributes if name == "src"]
    assert all(str(source).startswith("data:image/png;base64,") for source in sources)
    assert Tags(PAIR._repr_html_()).tags.count("img") == 2
    without = replace(ANSWER, neighbours=(replace(NEAR, thumbnail=None),), prepared=None)
    assert "img" not in Tags(without._repr_html_()).tags


def test_names_and_labels_from_files_do_nothing() -> None:
    near = replace(NEAR, label=HOSTILE, key=HOSTILE)
    answer = replace(ANSWER, input=HOSTILE, label=HOSTILE, reason=HOSTILE, neighbours=(near,))
    pair = replace(PAIR, left=HOSTILE, reason=HOSTILE)
    for result in (answer, pair):
        assert "\x1b" not in repr(result) + str(result)
        page = Tags(result._repr_html_())
        assert "script" not in page.tags
        assert {name for name, _ in page.attributes} == {"style", "title", "alt", "src"}
