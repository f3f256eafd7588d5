"""Pages in a headless Chromium: how a test opens one, and what it may complain of."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

# What the page is looked at on.
SIZES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}


@pytest.fixture(scope="session")
def launch() -> Callable[..., contextlib.AbstractContextManager[Any]]:
    """Launch a headless Chromium by playwright:  `with launch("--some-flag") as browser`."""

    @contextlib.contextmanager
    def launch_chromium(*more: str) -> Iterator[Any]:
        from playwright.sync_api import sync_playwright

        names = ("chromium", "chromium-browser", "chrome")
        chromium = next(filter(None, map(shutil.which, names)), "")
        assert chromium, "These tests need Chromium:  apt-get install chromium"
        quiet = ["--no-first-run", "--disable-background-networking", "--disable-component-update"]
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-sync", *quiet]
        with sync_playwright() as playwright:
            chrome = playwright.chromium.launch(executable_path=chromium, args=[*arguments, *more])
            yield chrome
            chrome.close()

    return launch_chromium


@pytest.fixture(scope="module")  # it occupies the thread's event loop, which other files may need
def browser(launch: Callable[..., contextlib.AbstractContextManager[Any]]) -> Iterator[Any]:
    """A headless Chromium."""
    with launch() as chrome:
        yield chrome


@pytest.fixture
def complaints() -> list[str]:
    """What pages of `visit` complained of until now; a test that expects some clears them."""
    return []


@pytest.fixture
def windows() -> contextlib.ExitStack:
    """Closes what `visit` opened; a server that ends closes it first, or images miss it."""
    return contextlib.ExitStack()


@pytest.fixture
def visit(
    browser: Any, complaints: list[str], windows: contextlib.ExitStack
) -> Iterator[Callable[..., Any]]:
    """Open a page, for instance  `page = visit(address + "/#map", "phone dark")`.

    At the end the test fails for any error in a console, and any request to another server.
    """
    with windows:

        def open_page(address: str, screen: str = "desktop light", **options: Any) -> Any:
            size, theme = screen.split()
            window = browser.new_context(**SIZES[size], color_scheme=theme, **options)
            windows.callback(window.close)
            own = "/".join(address.split("/")[:3])

            def check_request(request: Any) -> None:
                if not request.url.startswith((own, "data:", "blob:")):
                    complaints.append(f"a request of {request.url}")

            def check_console(message: Any) -> None:
                if message.type == "error":
                    complaints.append(f"{message.text} ({message.location.get('url')})")

            window.on("request", check_request)
            window.on("console", check_console)
            window.on("weberror", lambda error: complaints.append(str(error.error)))
            page = window.new_page()
            page.goto(address)
            return page

        yield open_page
    assert complaints == []


@pytest.fixture
def assert_accessible() -> Callable[[Any], None]:
    """Assert that axe finds nothing amiss in a page as it is shown."""
    from axe_playwright_python.sync_playwright import Axe

    def check(page: Any) -> None:
        answer = Axe().run(page)
        assert answer.violations_count == 0, answer.generate_report()

    return check
