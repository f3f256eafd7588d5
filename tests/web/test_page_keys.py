"""The page by the keyboard alone, and as a screen reader tells it: where the focus goes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

EXAMPLE = Path(__file__).parents[2] / "examples" / "digit.jpg"


def test_the_content_is_skipped_to_and_each_part_begins_at_its_heading(
    bundled_served: str, visit: Callable[..., Any]
) -> None:
    from playwright.sync_api import expect

    page = visit(f"{bundled_served}/#same")
    page.locator("#same canvas").first.wait_for()
    page.get_by_role("link", name="To the content").press("Enter")
    expect(page.locator("#content")).to_be_focused()
    assert page.url.endswith("#same")
    for name, title in {"Map": "Map", "Label": "Label", "Run": "digits", "Ask": "Ask"}.items():
        page.locator("nav").get_by_role("link", name=name).press("Enter")
        expect(page.get_by_role("heading", name=title, level=1)).to_be_focused()


def test_who_comes_back_is_where_they_left(bundled_served: str, visit: Callable[..., Any]) -> None:
    from playwright.sync_api import expect

    page = visit(f"{bundled_served}/#run")
    tile = page.locator("#run .items .tile").nth(30)
    tile.scroll_into_view_if_needed()
    top = page.evaluate("scrollY")
    assert top > 100
    tile.press("Enter")
    expect(page.get_by_role("heading", name="Item 31")).to_be_focused()
    assert page.evaluate("scrollY") == 0
    page.go_back()
    expect(tile).to_be_focused()
    assert page.evaluate("scrollY") == top


def test_an_answer_is_said(bundled_served: str, visit: Callable[..., Any]) -> None:
    from playwright.sync_api import expect

    page = visit(bundled_served)
    page.locator("#ask input[type=file]").first.set_input_files(EXAMPLE)
    said = page.locator("#ask").get_by_role("status").filter(has_text="5, match")
    expect(said).to_contain_text("nearest 5 at")
    draw = page.get_by_role("button", name="Draw instead")
    draw.press("Enter")
    expect(page.locator("#ask canvas")).to_be_focused()


def test_an_item_is_changed_by_keys(three_served: str, visit: Callable[..., Any]) -> None:
    from playwright.sync_api import expect

    page = visit(f"{three_served}/#item/20")
    page.get_by_role("button", name="Remove").press("Enter")
    expect(page.get_by_role("button", name="Yes, remove it")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Remove", exact=True)).to_be_focused()
    field = page.get_by_label("Another label")
    before = field.input_value()
    field.fill("jug")
    field.press("Enter")
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_focused()
    expect(page.locator("#item dd").first).to_have_text("jug")
    undo.press("Enter")
    expect(page.locator("#item dd").first).to_have_text(before)
    page.get_by_role("button", name="Remove").press("Enter")
    page.keyboard.press("Enter")
    expect(page.get_by_text("It is removed from the index.")).to_be_focused()


def test_runs_are_stepped_through_by_arrow_keys(
    three_served: str, visit: Callable[..., Any]
) -> None:
    from playwright.sync_api import expect

    page = visit(f"{three_served}/#run")
    page.locator("#run h1").wait_for()
    names = page.locator("#run-name option").evaluate_all("all => all.map((one) => one.value)")
    assert len(names) == 3
    for name in names[1:]:
        page.locator("#run-name").press("ArrowDown")
        expect(page.locator("#run h1")).to_have_text(name)
        expect(page.locator("#run-name")).to_be_focused()
