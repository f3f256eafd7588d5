"""The page as a person uses it: drawing, dropping, comparing, looking around; in a real browser."""

from __future__ import annotations

import base64
import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

EXAMPLE = Path(__file__).parents[2] / "examples" / "digit.jpg"
VIEWS = {
    "ask": "Ask",
    "same": "Same or different",
    "label": "Label",
    "run": "Run",
    "item/1": "Item 1",
    "map": "Map",
}
SCREENS = ["desktop light", "desktop dark", "phone light", "phone dark"]
Stroke = list[tuple[float, float]]


def arc(x: float, y: float, across: float, down: float, start: float, end: float) -> Stroke:
    """Points on an ellipse around (x, y); angles in degrees, clockwise from the right."""
    count = round(abs(end - start) / 20)
    turns = [math.radians(start + (end - start) * step / count) for step in range(count + 1)]
    return [(x + across * math.cos(turn), y + down * math.sin(turn)) for turn in turns]


# As a hand draws them, in shares of the paper's side.
DIGITS: dict[str, list[Stroke]] = {
    "0": [[(x - 0.2 * (y - 0.5), y) for x, y in arc(0.5, 0.5, 0.17, 0.28, -60, 320)]],
    "1": [[(0.42, 0.34), (0.53, 0.22), (0.5, 0.5), (0.48, 0.78)]],
    "2": [[*arc(0.5, 0.37, 0.17, 0.15, 190, 390), (0.5, 0.6), (0.33, 0.76), (0.7, 0.76)]],
    "3": [[*arc(0.47, 0.36, 0.16, 0.14, 200, 430), *arc(0.47, 0.63, 0.19, 0.15, -80, 150)]],
    "4": [[(0.38, 0.24), (0.32, 0.52), (0.68, 0.52)], [(0.62, 0.25), (0.59, 0.8)]],
    "5": [[(0.66, 0.23), (0.4, 0.23), (0.37, 0.47), *arc(0.48, 0.6, 0.18, 0.17, 235, 500)]],
    "6": [[(0.6, 0.2), (0.45, 0.35), (0.37, 0.55), *arc(0.5, 0.63, 0.14, 0.15, 190, -170)]],
    "7": [[(0.33, 0.25), (0.68, 0.25), (0.55, 0.5), (0.46, 0.8)]],
    "8": [
        [
            *arc(0.5, 0.36, 0.13, 0.13, -60, -270),
            *arc(0.5, 0.64, 0.16, 0.15, -90, 270),
            *arc(0.5, 0.36, 0.13, 0.13, 90, -60),
        ]
    ],
    "9": [[*arc(0.5, 0.37, 0.14, 0.14, 0, -340), (0.64, 0.35), (0.63, 0.55), (0.57, 0.8)]],
}


def draw(page: Any, paper: Any, digit: str) -> None:
    """Draw a digit with the mouse."""
    paper.wait_for()
    paper.scroll_into_view_if_needed()
    box = paper.bounding_box()
    for stroke in DIGITS[digit]:
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place)
        page.mouse.up()


def drop(page: Any, where: str, path: Path) -> None:
    """Drop a file on an element."""
    page.locator(where).wait_for()
    page.eval_on_selector(
        where,
        """(element, [name, content]) => {
            const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
            const files = new DataTransfer();
            files.items.add(new File([bytes], name, { type: "image/jpeg" }));
            const about = { dataTransfer: files, bubbles: true, cancelable: true };
            element.dispatchEvent(new DragEvent("drop", about));
        }""",
        [path.name, base64.b64encode(path.read_bytes()).decode()],
    )


def slide(page: Any, view: str, share: float) -> None:
    """Move the slider of the false accept rate, 0 = strict, without letting it go."""
    page.eval_on_selector(
        f"#{view} .strictness input",
        """(slider, share) => {
            slider.value = Math.round(share * Number(slider.max));
            slider.dispatchEvent(new Event("input"));
        }""",
        share,
    )


def expect_verdict(page: Any, view: str, word: str, title: str) -> None:
    from playwright.sync_api import expect

    expect(page.locator(f"#{view} .verdict[data-verdict='{word}'] h2")).to_have_text(title)


def test_each_digit_is_told_while_it_is_drawn(
    bundled_served: str, visit: Callable[..., Any]
) -> None:
    from playwright.sync_api import expect

    page = visit(bundled_served)
    paper = page.locator("#ask canvas")
    for digit in DIGITS:
        draw(page, paper, digit)
        expect_verdict(page, "ask", "match", digit)
        assert page.locator("#ask .number").inner_text().endswith(" %")
        assert page.locator("#ask .nearest .tile-label").first.inner_text() == digit
        page.get_by_role("button", name="Clear").click()
    draw(page, paper, "5")
    expect_verdict(page, "ask", "match", "5")
    for image in page.locator("#ask .answer img").all():
        expect(image).not_to_have_js_property("naturalWidth", 0)
    assert page.locator("#ask .nearest li").count() == 10
    assert page.locator("#ask .steps li").last.inner_text() == "input"
    if folder := os.environ.get("SIAM_SCREENSHOTS"):
        frame = {"x": 0, "y": 0, "width": 1280, "height": 735}
        page.screenshot(path=Path(folder) / "page.png", clip=frame)


def test_strokes_are_undone_erased_and_cleared(
    bundled_served: str, visit: Callable[..., Any]
) -> None:
    from playwright.sync_api import expect

    page = visit(bundled_served, "phone dark")
    paper, verdict = page.locator("#ask canvas"), page.locator("#ask .verdict")
    draw(page, paper, "4")
    expect_verdict(page, "ask", "match", "4")
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Undo").click()
    expect(verdict).to_have_count(0)
    draw(page, paper, "1")
    expect_verdict(page, "ask", "match", "1")
    page.get_by_role("button", name="Eraser").click()
    draw(page, paper, "1")
    expect(page.locator("#ask .reason")).to_have_text("the picture is blank")
    paper.press("Control+z")
    expect_verdict(page, "ask", "match", "1")
    paper.press("Delete")
    expect(verdict).to_have_count(0)


def test_files_are_dropped_and_chosen(
    bundled_served: str, visit: Callable[..., Any], tmp_path: Path
) -> None:
    from playwright.sync_api import expect

    page = visit(bundled_served)
    drop(page, "#ask .source", EXAMPLE)
    expect_verdict(page, "ask", "match", "5")
    page.get_by_role("button", name="Draw instead").click()
    broken = tmp_path / "broken.jpg"
    broken.write_text("no picture")
    page.locator("#ask input[type=file][multiple]").set_input_files([EXAMPLE, broken])
    expect(page.locator("#ask .results li")).to_have_count(2)
    page.get_by_role("button", name="broken.jpg").click()
    expect(page.locator("#ask .error")).to_contain_text("broken.jpg")


def test_two_are_compared_and_a_rate_moves_the_verdict(
    bundled_served: str, visit: Callable[..., Any]
) -> None:
    page = visit(bundled_served + "/#same")
    left, right = page.locator("#same canvas").first, page.locator("#same canvas").last
    draw(page, left, "3")
    draw(page, right, "3")
    expect_verdict(page, "same", "same", "The same")
    page.get_by_role("button", name="Clear").last.click()
    draw(page, right, "7")
    expect_verdict(page, "same", "different", "Different")
    slide(page, "same", 1)
    expect_verdict(page, "same", "unsure", "Perhaps the same")
    slide(page, "same", 0)
    expect_verdict(page, "same", "different", "Different")
    drop(page, "#same .source >> nth=0", EXAMPLE)
    drop(page, "#same .source >> nth=1", EXAMPLE)
    expect_verdict(page, "same", "same", "The same")


def test_a_rate_moves_the_verdict_without_a_request(
    bundled_served: str, visit: Callable[..., Any]
) -> None:
    page = visit(bundled_served)
    drop(page, "#ask .source", EXAMPLE)
    expect_verdict(page, "ask", "match", "5")
    page.wait_for_load_state("networkidle")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    slide(page, "ask", 0)
    expect_verdict(page, "ask", "no match", "No match")
    slide(page, "ask", 1)
    expect_verdict(page, "ask", "match", "5")
    assert asked == []
    slide(page, "ask", 0)
    with page.expect_response(lambda answer: "false_accept_rate" in answer.url):
        page.locator("#ask .strictness input").dispatch_event("change")
    expect_verdict(page, "ask", "no match", "No match")  # and so the server sees it
    page.get_by_role("button", name="Most accurate").click()
    expect_verdict(page, "ask", "match", "5")


@pytest.mark.parametrize("screen", SCREENS)
def test_every_part_is_accessible_and_fits(
    bundled_served: str,
    visit: Callable[..., Any],
    assert_accessible: Callable[[Any], None],
    screen: str,
) -> None:
    from playwright.sync_api import expect

    page = visit(bundled_served, screen)
    draw(page, page.locator("#ask canvas"), "5")
    expect_verdict(page, "ask", "match", "5")
    for view, title in VIEWS.items():
        page.evaluate("view => { location.hash = view; }", view)
        expect(page).to_have_title(re.compile(f"^{title} · digits"))
        page.wait_for_load_state("networkidle")
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view
    assert page.locator("nav a").count() == 5
