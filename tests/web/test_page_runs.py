"""Runs of another kind than digits: what the page offers first, and whose the figures are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

EXAMPLE = Path(__file__).parents[2] / "examples" / "digit.jpg"


def amend_run(page: Any, **values: Any) -> None:
    """Have the page be told something else of the run than the server says."""

    def answer(route: Any) -> None:
        told = route.fetch()
        route.fulfill(response=told, json={**told.json(), **values})

    page.route("**/api/v1/runs/digits*", answer)
    page.reload()


def test_a_run_of_photos_asks_for_a_photo_first(
    bundled_served: str,
    visit: Callable[..., Any],
    assert_accessible: Callable[[Any], None],
) -> None:
    from playwright.sync_api import expect

    page = visit(bundled_served, "phone light")
    amend_run(page, chain="photo")
    ask = page.locator("#ask")
    with page.expect_file_chooser() as chooser:
        ask.get_by_text("Drop or paste a picture here").click()
    expect(ask.locator("canvas")).to_be_hidden()
    assert_accessible(page)
    chooser.value.set_files(EXAMPLE)
    expect(ask.locator(".verdict")).to_be_visible()
    ask.get_by_role("button", name="Clear").click()
    expect(ask.locator(".verdict")).to_have_count(0)
    expect(ask.locator("input[type=file]").first).to_be_focused()
    ask.get_by_role("button", name="Draw").click()
    expect(ask.locator("canvas")).to_be_focused()
    expect(ask.get_by_text("Drop or paste a picture here")).to_be_hidden()


def test_figures_of_other_classes_are_said_to_be_so(
    bundled_served: str, visit: Callable[..., Any]
) -> None:
    from playwright.sync_api import expect

    page = visit(f"{bundled_served}/#run")
    origin = page.get_by_text("Measured on test pictures of")
    expect(origin).to_be_visible()
    expect(origin).not_to_contain_text("None of the labels here")
    amend_run(page, dataset="omniglot", classes=["alpha", "beta"])
    expect(origin).to_contain_text("“omniglot”, which it was trained on (2 classes). None of the")


@pytest.mark.parametrize("labels", [[], [{"label": "7", "count": 1}]], ids=["empty", "one class"])
def test_an_index_that_holds_little_is_shown(
    bundled_served: str, visit: Callable[..., Any], labels: list[dict[str, Any]]
) -> None:
    from playwright.sync_api import expect

    page = visit(f"{bundled_served}/#run")
    amend_run(page, labels=labels, operating_points=[])
    expect(page.locator("#run .count")).to_have_count(len(labels))
    page.locator("nav").get_by_role("link", name="Ask").click()
    page.locator("#ask input[type=file]").first.set_input_files(EXAMPLE)
    expect(page.locator("#ask .verdict")).to_be_visible()
