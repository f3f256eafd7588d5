"""Answers that come late, or in another order: nothing that a person is at is drawn anew."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow


class Held:
    """Requests of a page that wait until they are let go, one by one or all."""

    def __init__(self, page: Any, pattern: str) -> None:
        self.page, self.over = page, False
        self.routes: list[Any] = []
        page.route(pattern, self.take)

    def take(self, route: Any) -> None:
        if self.over:
            route.continue_()
        else:
            self.routes.append(route)

    def expect(self, count: int) -> None:
        """Wait until so many wait."""
        for _ in range(500):
            if len(self.routes) >= count:
                break
            self.page.wait_for_timeout(20)
        assert len(self.routes) == count, [route.request.url for route in self.routes]

    def release(self) -> None:
        """Let go all that wait, hold no more, and wait until the page has what it still wants."""
        self.over = True
        for route in self.routes:
            route.continue_()
        for route in self.routes:
            answer = route.request.response()  # None: the page wants it no more
            if answer is not None:
                answer.finished()
        self.page.evaluate("new Promise((resolve) => setTimeout(resolve, 100))")


def go(page: Any, part: str) -> None:
    """Go to a part as a link does."""
    page.evaluate("part => { location.hash = part; }", part)


def test_nothing_that_is_offered_is_taken_away_by_a_late_answer(
    three_served: str, visit: Callable[..., Any]
) -> None:
    page = visit(three_served)
    for part in ("same", "label", "run", "map", "item/1", "ask"):
        view = page.locator(f"#{part.split('/')[0]}")
        go(page, part)
        view.locator("a, button, input, canvas, pre").first.wait_for()
        page.wait_for_load_state("networkidle")
        go(page, "same" if part == "ask" else "ask")
        held = Held(page, "**/api/v1/**")
        page.go_back()
        view.locator("h1").wait_for(state="attached")
        offered = view.locator("a, button, input, canvas, pre").element_handles()
        held.release()
        assert all(one.evaluate("element => element.isConnected") for one in offered), part
        view.locator("a, button, input, canvas, pre").first.wait_for()


def test_an_item_that_was_left_is_not_drawn_over_another(
    bundled_served: str, visit: Callable[..., Any]
) -> None:
    from playwright.sync_api import expect

    page = visit(bundled_served)
    page.locator("#ask canvas").wait_for()
    late = Held(page, "**/items/1?*")
    go(page, "item/1")
    late.expect(1)
    go(page, "item/2")
    shown = page.locator("#item")
    expect(shown.locator("img").first).to_have_attribute("alt", "Picture of item 2")
    late.release()
    expect(shown.locator("h1")).to_have_text("Item 2")
    expect(shown.locator("img").first).to_have_attribute("alt", "Picture of item 2")


def test_a_late_removal_is_not_told_of_another_item(
    three_served: str, visit: Callable[..., Any]
) -> None:
    from playwright.sync_api import expect

    page = visit(f"{three_served}/#item/9")
    page.get_by_role("button", name="Remove").click()
    late = Held(page, "**/items/9")
    page.get_by_role("button", name="Yes, remove it").click()
    late.expect(1)
    go(page, "item/200")  # which is not near the one that is removed
    expect(page.locator("#item h1")).to_have_text("Item 200")
    late.release()
    expect(page.get_by_role("button", name="Remove")).to_be_visible()
    expect(page.locator("#item")).not_to_contain_text("It is removed")


def test_the_page_of_pictures_that_was_asked_for_last_is_shown(
    bundled_served: str, visit: Callable[..., Any]
) -> None:
    from playwright.sync_api import expect

    page = visit(f"{bundled_served}/#run")
    told = page.locator("#run .pages p")
    expect(told).to_have_text(re.compile("^1 to 48 of"))
    late = Held(page, "**/items?*offset=48*")
    page.get_by_role("button", name="Later").click()
    late.expect(1)
    page.locator("#items-label").select_option("3")
    expect(told).to_have_text(re.compile("^1 to 30 of"))
    late.release()
    expect(told).to_have_text(re.compile("^1 to 30 of"))
    assert set(page.locator("#run .items .tile-label").all_inner_texts()) == {"3"}


def test_the_run_that_was_chosen_last_answers(three_served: str, visit: Callable[..., Any]) -> None:
    from playwright.sync_api import expect

    page = visit(f"{three_served}/#run")
    chooser = page.get_by_label("Run", exact=True)
    chooser.wait_for()
    late = Held(page, "**/runs/first*")
    chooser.evaluate(
        """select => ["first", "second"].forEach((name) => {
            select.value = name;
            select.dispatchEvent(new Event("change"));
        })"""
    )
    expect(page.locator("#run h1")).to_have_text("second")
    late.release()
    expect(page.locator("#run h1")).to_have_text("second")
    expect(page.locator("#run-link")).to_have_text("second")


def test_a_run_that_is_read_again_is_not_drawn_once_it_was_left(
    three_served: str, visit: Callable[..., Any]
) -> None:
    from playwright.sync_api import expect

    page = visit(f"{three_served}/#item/1")
    page.get_by_label("Another label").fill("cup")
    page.get_by_role("button", name="Relabel").click()
    page.get_by_role("button", name="Undo").wait_for()
    late = Held(page, "**/runs/digits*")
    go(page, "run")
    late.expect(1)
    go(page, "ask")
    expect(page.locator("#ask canvas")).to_be_visible()
    late.release()
    expect(page).to_have_title(re.compile("^Ask"))
    go(page, "run")
    expect(page.locator("#run .counts")).to_contain_text("cup")


def test_a_token_that_is_being_typed_stays(
    digits: Path,
    serve: Callable[..., Any],
    visit: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    complaints: list[str],
) -> None:
    """The cookie is gone while several answers are awaited, each of which is refused."""
    from playwright.sync_api import expect

    monkeypatch.setenv("SIAM_SERVE_TOKEN", "0123456789abcdefghij")
    with serve(digits) as address:
        page = visit(address)
        page.get_by_label("Token").fill("0123456789abcdefghij")
        page.get_by_role("button", name="Sign in").click()
        page.locator("#ask canvas").wait_for()
        page.context.clear_cookies()
        late = Held(page, "**/items?*")
        go(page, "run")
        late.expect(1)
        go(page, "item/1")
        page.get_by_label("Token").fill("another")
        late.release()
        expect(page.get_by_label("Token")).to_have_value("another")
        complaints.clear()
