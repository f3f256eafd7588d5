"""The page takes a picture with a camera, which shows a digit; or is refused one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.slow

EXAMPLE = Path(__file__).parents[2] / "examples" / "digit.jpg"
SIZE = (640, 480)


@pytest.fixture(scope="module")
def browser(launch: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Chromium whose camera shows the example's digit, as a film of one frame."""
    film = tmp_path_factory.mktemp("camera") / "digit.y4m"
    light = np.asarray(Image.open(EXAMPLE).convert("L").resize(SIZE))
    no_colour = np.full(light.size // 2, 128, np.uint8)
    header = b"YUV4MPEG2 W%d H%d F10:1 Ip A1:1 C420\nFRAME\n" % SIZE
    film.write_bytes(header + light.tobytes() + no_colour.tobytes())
    camera = f"--use-file-for-fake-video-capture={film}"
    with launch("--use-fake-device-for-media-stream", camera) as chrome:
        yield chrome


@pytest.mark.parametrize("screen", ["desktop light", "phone dark"])
def test_a_photographed_digit_is_told(
    bundled_served: str,
    visit: Callable[..., Any],
    assert_accessible: Callable[[Any], None],
    screen: str,
) -> None:
    from playwright.sync_api import expect

    page = visit(bundled_served, screen, permissions=["camera"])
    camera = page.get_by_role("button", name="Camera")
    camera.click()
    dialog = page.get_by_role("dialog", name="Camera")
    expect(dialog.get_by_role("button", name="Take the picture")).to_be_enabled()
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(camera).to_be_focused()
    camera.click()
    dialog.get_by_role("button", name="Take the picture").click()
    expect(page.locator("#ask .verdict[data-verdict='match'] h2")).to_have_text("5")
    expect(dialog).to_have_count(0)
    expect(camera).to_be_focused()


def test_it_is_put_away_when_another_part_is_gone_to(
    bundled_served: str, visit: Callable[..., Any]
) -> None:
    from playwright.sync_api import expect

    page = visit(f"{bundled_served}/#same", permissions=["camera"])
    page.evaluate("location.hash = 'ask'")
    page.locator("#ask").get_by_role("button", name="Camera").click()
    expect(page.get_by_role("dialog", name="Camera")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("dialog", name="Camera")).to_have_count(0)
    expect(page.locator("#same h1")).to_be_focused()


def test_who_refuses_it_is_told_what_to_do(bundled_served: str, visit: Callable[..., Any]) -> None:
    from playwright.sync_api import expect

    page = visit(bundled_served, permissions=["geolocation"])  # that one, and no other
    page.get_by_role("button", name="Camera").click()
    expect(page.get_by_role("alert")).to_have_text(
        re.compile("^The camera gives no picture: .*Allow the camera for this page, or choose")
    )
    expect(page.get_by_role("button", name="Camera")).to_be_enabled()
