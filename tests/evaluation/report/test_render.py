"""The pages' engine: what it escapes, and that its files come along in a wheel."""

from __future__ import annotations

import tomllib
from pathlib import Path

import jinja2
import pytest

from siam.evaluation.report.render import TEMPLATES, environment

ROOT = Path(__file__).parents[3]


def test_text_is_escaped_and_control_characters_are_spelt_out() -> None:
    page = environment().from_string('<p title="{{ name }}">{{ name }}</p>')
    evil = "<b>\"'&\x1b[31m\u202e\n"
    shown = "&lt;b&gt;&#34;&#39;&amp;\\x1b[31m\\u202e\n"
    assert page.render(name=evil) == f'<p title="{shown}">{shown}</p>'


def test_a_name_that_was_not_given_is_a_fault_and_no_gap() -> None:
    with pytest.raises(jinja2.UndefinedError):
        environment().from_string("{{ nothing }}").render()


def test_the_templates_are_packaged() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (pattern,) = project["tool"]["setuptools"]["package-data"]["siam.evaluation.report"]
    named = set(TEMPLATES.parent.glob(pattern))
    assert named == {path for path in TEMPLATES.iterdir() if path.is_file()} != set()


@pytest.mark.parametrize("path", sorted(TEMPLATES.iterdir()), ids=lambda path: path.name)
def test_templates_load_nothing_and_handle_no_event_inline(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "http://" not in text and "https://" not in text and "@import" not in text
    assert " onclick" not in text and " onload" not in text
