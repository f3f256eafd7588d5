"""The page of `siam export --format web`: its size, and its first answer in a browser.

    python benchmarks/exported_page.py [--run NAME-OR-PATH] [--repeats 5] [--json]

Headless Chromium, without a graphics card and already started, opens the page from its folder, and
a stroke is asked about as soon as it is there. The seconds count from the opening, by the clock and
by the page's own thread, which other work on the machine leaves alone. It needs playwright and
Chromium.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from siam.engine.export import export_run
from siam.parallel import cores

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
# A line that a hand may draw for a one, in shares of the side.
ASK = """() => {
    const points = [[0.5, 0.2], [0.5, 0.5], [0.49, 0.8]];
    const { verdict } = window.siam.ask([{ width: 0.08, erases: false, points }]);
    return { verdict, milliseconds: performance.now() };
}"""


def main() -> None:
    """Export a run as a page, open it again and again, and print the medians."""
    parser = argparse.ArgumentParser(description="The exported page's first answer.")
    parser.add_argument("--run", help="a run's name or path; the newest when left out")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, no table")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "page"
        export_run(chosen.run, folder, form="web")
        size = sum(path.stat().st_size for path in folder.iterdir())
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=ARGUMENTS
            )
            index = folder / "index.html"
            opened = [open_once(browser, index) for _ in range(chosen.repeats + 1)]
            browser.close()
    figures = {"MB of the page": size / 1e6}
    for name in ("seconds to the first answer", "of the page's thread"):
        figures[name] = statistics.median(one[name] for one in opened[1:])
        figures[f"{name}, at most"] = max(one[name] for one in opened[1:])
    if chosen.json:
        print(json.dumps({"schema": 1, "cores": cores(), **figures}, indent=2))
        return
    for name, value in figures.items():
        print(f"{name:40} {value:8.3f}")


def open_once(browser: Browser, file: Path) -> dict[str, float]:
    """Open the page in a profile of its own and ask at once; return what that took."""
    context = browser.new_context()
    page = context.new_page()
    devices = context.new_cdp_session(page)
    devices.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto(file.as_uri())
    told = page.evaluate(ASK)
    assert told["verdict"]
    metrics = devices.send("Performance.getMetrics")["metrics"]
    worked = next(one["value"] for one in metrics if one["name"] == "TaskDuration")
    context.close()
    return {
        "seconds to the first answer": told["milliseconds"] / 1000,
        "of the page's thread": float(worked),
    }


if __name__ == "__main__":
    main()
