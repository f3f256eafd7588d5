"""The map in a browser: opened, zoomed, pointed at, drawn on, at both sizes and in both themes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from siam.engine.projection.gallery_map import GalleryMap
from siam.engine.projection.map_file import load_map, save_map
from siam.index.gallery import Gallery
from siam.run_files import INDEX_FOLDER

pytestmark = pytest.mark.slow
COLUMNS = 20
# What is to be painted is painted with the next frame.
FRAMES = "new Promise((end) => requestAnimationFrame(() => requestAnimationFrame(end)))"


@pytest.fixture
def places(digits: Path) -> np.ndarray:
    """The map of the run "digits": a grid of 20 columns, row by row, kept in the run."""
    with Gallery.open(digits / INDEX_FOLDER, read_only=True) as gallery:
        ids, checksums = gallery.checksums()
        count = len(ids)
        rows = -(-count // COLUMNS)
        cells = np.arange(count)
        across, down = cells % COLUMNS / (COLUMNS - 1), cells // COLUMNS / (rows - 1)
        places = np.stack([across, down], axis=1).astype(np.float32)
        original = np.ones(count, bool)
        known = GalleryMap(gallery.encoder_hash, ids, checksums, places, original, count)
    save_map(digits / INDEX_FOLDER, known)
    return places


@pytest.fixture
def address(digits: Path, places: np.ndarray, serve: Any) -> Iterator[str]:
    """A server of it that may be written to."""
    with serve(digits, "--writable") as address:
        yield address


def open_map(visit: Any, address: str, screen: str = "desktop light") -> Any:
    """Open the map and wait until it is painted."""
    page = visit(f"{address}/#map", screen)
    page.locator(".map-points[aria-label]").wait_for()
    return page


def screen_of(page: Any, places: np.ndarray) -> np.ndarray:
    """Where places are in the window, by hand, while the whole map is seen: 16 pixels are left."""
    box = page.locator(".map-points").bounding_box()
    side = min(box["width"], box["height"]) - 32
    corner = [box["x"] + (box["width"] - side) / 2, box["y"] + (box["height"] - side) / 2]
    found: np.ndarray = np.array(corner) + places * side
    return found


def draw_line(page: Any, corners: list[tuple[float, float]]) -> None:
    page.get_by_role("button", name="Lasso").click()
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in [*corners[1:], corners[0]]:
        page.mouse.move(*corner, steps=3)
    page.mouse.up()


def painted(page: Any) -> bytes:
    """What the canvas of the items shows."""
    page.evaluate(FRAMES)
    shown: bytes = page.locator(".map-stage").screenshot()
    return shown


@pytest.mark.parametrize("screen", ["desktop light", "desktop dark", "phone light", "phone dark"])
def test_it_opens_at_every_size_and_theme_and_is_accessible(
    address: str, visit: Any, assert_accessible: Any, screen: str
) -> None:
    page = open_map(visit, address, screen)
    assert page.locator(".map-legend button").count() == 10
    assert_accessible(page)


def test_wheel_buttons_and_keys_zoom_and_move_it(address: str, visit: Any) -> None:
    page = open_map(visit, address)
    whole = painted(page)
    page.get_by_role("button", name="Zoom in").click()
    nearer = painted(page)
    page.get_by_role("button", name="Zoom out").click()
    assert nearer != whole and painted(page) == whole
    page.locator(".map-points").hover()
    page.mouse.wheel(0, -400)
    page.mouse.move(0, 0)
    shown = (painted(page) for _ in range(100))  # a wheel is not waited for
    assert any(one != whole for one in shown)
    page.get_by_role("button", name="whole map").click()
    page.mouse.move(0, 0)
    assert painted(page) == whole
    page.locator(".map-points").focus()
    page.keyboard.press("+")
    page.keyboard.press("ArrowRight")
    assert painted(page) not in (whole, nearer)


def test_hover_shows_the_picture_of_the_item_there_and_a_press_opens_it(
    address: str, visit: Any, places: np.ndarray
) -> None:
    page = open_map(visit, address)
    x, y = screen_of(page, places)[COLUMNS * 5 + 7]
    page.mouse.move(x + 2, y + 1)
    picture = page.locator(".map-card img")
    picture.wait_for()
    item = COLUMNS * 5 + 8  # ids begin at 1
    assert f"/items/{item}/thumbnail" in picture.get_attribute("src")
    page.mouse.click(x + 2, y + 1)
    page.locator(".map-card").get_by_role("button", name="Open").click()
    page.wait_for_url(re.compile(f"#item/{item}$"))


def test_a_tap_shows_the_picture_and_offers_to_open_it(
    address: str, visit: Any, places: np.ndarray
) -> None:
    page = open_map(visit, address, "phone light")
    x, y = screen_of(page, places)[COLUMNS * 9 + 3]
    page.touchscreen.tap(x + 2, y + 1)
    item = COLUMNS * 9 + 4
    page.locator(f'.map-card img[src*="/items/{item}/thumbnail"]').wait_for()
    page.locator(".map-card").get_by_role("button", name="Open").tap()
    page.wait_for_url(re.compile(f"#item/{item}$"))


def test_keys_find_the_item_in_the_middle(address: str, visit: Any) -> None:
    page = open_map(visit, address)
    page.locator(".map-points").focus()
    page.keyboard.press("+")
    page.locator(".map-card img").wait_for()
    page.keyboard.press(" ")
    page.get_by_text("1 picture selected").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("#item/"))


def test_a_hidden_label_is_neither_seen_nor_selected(address: str, visit: Any) -> None:
    page = open_map(visit, address)
    page.get_by_role("button", name="Hide all").click()
    box = page.locator(".map-points").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_timeout(300)
    assert not page.locator(".map-card").is_visible()
    row = page.locator(".map-legend button").nth(3)
    row.click()
    count = row.inner_text().split()[-1]
    left, top = box["x"] + 8, box["y"] + 8  # within the rounded corners
    right, bottom = left + box["width"] - 16, top + box["height"] - 16
    draw_line(page, [(left, top), (right, top), (right, bottom), (left, bottom)])
    page.get_by_text(f"{count} pictures selected").wait_for()
    assert page.locator(".map-selection .quiet").first.inner_text() == f"3: {count}"


def test_a_lasso_selects_what_lies_inside_and_labels_and_removes_it(
    address: str, visit: Any, places: np.ndarray, digits: Path, assert_accessible: Any
) -> None:
    """A triangle about the first three of row 5 and the first two of row 6, and no other."""
    page = open_map(visit, address)
    at = screen_of(page, places).reshape(-1, 2)
    across = at[1, 0] - at[0, 0]
    down = at[COLUMNS, 1] - at[0, 1]
    x, y = at[5 * COLUMNS]
    corners = [
        (x - 0.5 * across, y - 0.5 * down),
        (x + 2.9 * across, y - 0.5 * down),
        (x + 0.9 * across, y + 1.5 * down),
        (x - 0.5 * across, y + 1.5 * down),
    ]
    inside = [5 * COLUMNS + 1 + place for place in (0, 1, 2, COLUMNS, COLUMNS + 1)]
    draw_line(page, corners)
    page.get_by_text("5 pictures selected").wait_for()
    shown = [tile.get_attribute("title") for tile in page.locator(".map-tiles button").all()]
    assert shown == [f"item {item}" for item in inside]
    assert_accessible(page)
    page.get_by_label("Label", exact=True).fill("odd")
    page.get_by_role("button", name="Label them").click()
    page.get_by_text("5 pictures labelled odd").wait_for()
    page.locator(".map-legend").get_by_text("odd").wait_for()
    with Gallery.open(digits / INDEX_FOLDER, read_only=True) as gallery:
        assert gallery.select(["label=odd"]).tolist() == inside
    draw_line(page, corners)
    page.get_by_role("button", name="Remove them").click()
    page.get_by_role("button", name="Keep").click()
    page.get_by_role("button", name="Remove them").click()
    page.get_by_role("button", name="Remove 5 pictures").click()
    page.get_by_text("5 pictures removed").wait_for()
    page.locator(f'.map-points[aria-label^="Map of {len(places) - 5:,} pictures"]').wait_for()
    with Gallery.open(digits / INDEX_FOLDER, read_only=True) as gallery:
        assert not gallery.items_there(inside)


def test_a_map_that_is_laid_out_anew_takes_the_place_of_the_old_one(
    address: str, visit: Any
) -> None:
    """As after a fifth of the items is gone: the server has no map until it has another one."""
    page = open_map(visit, address)
    told = {"status": "computing", "step": "neighbours", "done": 0, "total": 0}
    page.route("**/map/status", lambda route: route.fulfill(json=told))
    page.locator(".map-points").focus()
    page.keyboard.press(" ")
    page.get_by_role("button", name="Remove them").click()
    page.get_by_role("button", name="Remove 1 picture").click()
    page.get_by_role("progressbar", name="Laying out the map").wait_for()
    page.unroute("**/map/status")
    page.locator('.map-points[aria-label^="Map of 299 pictures"]').wait_for()


def test_the_last_query_is_marked_where_it_lies(
    address: str, visit: Any, digit: bytes, places: np.ndarray
) -> None:
    """The picture is item 1 itself, in the upper left corner."""
    page = visit(f"{address}/#ask")
    file = {"name": "digit.png", "mimeType": "image/png", "buffer": digit}
    page.locator("#ask input[type=file]").first.set_input_files(file)
    page.get_by_role("link", name="Its place in the map").click()
    page.get_by_text("The rings mark your picture").wait_for()
    page.evaluate(FRAMES)
    x, y = screen_of(page, places)[0]
    mark = page.evaluate(
        """([x, y]) => {
          const canvas = document.querySelector(".map-marks"), box = canvas.getBoundingClientRect();
          const density = canvas.width / box.width;
          const at = (dx) => canvas.getContext("2d").getImageData(
            (x - box.left + dx) * density, (y - box.top) * density, 1, 1).data[3];
          return [at(11), at(4), at(25)];
        }""",
        [x, y],
    )
    assert mark[0] > 200 and mark[1] > 200 and mark[2] == 0


def test_who_may_only_read_is_offered_no_change(
    digits: Path, places: np.ndarray, serve: Any, visit: Any
) -> None:
    with serve(digits) as address:
        page = open_map(visit, address)
        page.locator(".map-points").focus()
        page.keyboard.press(" ")
        page.get_by_text("1 picture selected").wait_for()
        assert page.get_by_role("button", name="Remove them").count() == 0
        assert page.get_by_label("Label", exact=True).count() == 0


def test_a_run_without_a_map_gets_one_while_it_is_looked_at(
    digits: Path, serve: Any, visit: Any
) -> None:
    with serve(digits) as address:
        page = visit(f"{address}/#map")
        page.get_by_role("progressbar", name="Laying out the map").wait_for()
        page.locator('.map-points[aria-label^="Map of 300 pictures"]').wait_for(timeout=200_000)
    assert load_map(digits / INDEX_FOLDER) is not None
