"""The map of a run's gallery: laid out, sent, and looked at in a browser.

    python benchmarks/web_map.py [--run NAME-OR-PATH] [--seconds 5] [--kept] [--json]
                                 [--picture FILE.png]

The run is copied. Its map is computed anew, and judged by the shares of the ten nearest pictures
that are among the ten nearest on the map, and that are of the same label there. Then headless
Chromium, without a graphics card, opens the page of `siam serve` and drags the map about; what is
counted is how often the map itself was painted, and what the page's thread worked for it, which
other work on the machine leaves alone. It needs playwright and Chromium.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from http_load import serve
from playwright.sync_api import CDPSession, Page, sync_playwright

from siam.array_types import Labels, Vectors
from siam.engine.projection.gallery_map import GalleryMap, compute_map
from siam.engine.projection.map_file import save_map
from siam.index.gallery import Gallery
from siam.parallel import cores
from siam.run_files import INDEX_FOLDER
from siam.runs.runs_folder import find_run
from siam.unit_vectors import exact_neighbours

JUDGED, NEAREST = 2000, 10
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
COUNT_PAINTS = """() => {
  const own = CanvasRenderingContext2D.prototype.putImageData;
  window.paints = [];
  CanvasRenderingContext2D.prototype.putImageData = function (...given) {
    own.apply(this, given);
    window.paints.push(performance.now());
  };
}"""


def main() -> None:
    """Measure a map's computation and its page, and print the figures."""
    parser = argparse.ArgumentParser(description="The map of a run's gallery.")
    parser.add_argument("--run", help="a run's name or path; the newest when left out")
    parser.add_argument("--seconds", type=float, default=5.0, help="of dragging")
    parser.add_argument("--kept", action="store_true", help="show the run's own map, compute none")
    parser.add_argument("--picture", type=Path, help="a PNG file to make of the page")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, no table")
    chosen = parser.parse_args()
    source = find_run(chosen.run)
    with tempfile.TemporaryDirectory() as scratch:
        run = Path(scratch) / source.name
        shutil.copytree(source, run)
        figures = {} if chosen.kept else measure_computation(run / INDEX_FOLDER)
        with serve(run) as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=ARGUMENTS
            )
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            figures |= measure_page(page, f"http://127.0.0.1:{server.port}", chosen.seconds)
            if chosen.picture:
                photograph(page, chosen.picture)
            browser.close()
    if chosen.json:
        print(json.dumps({"schema": 1, "cores": cores(), **figures}, indent=2))
        return
    for name, value in figures.items():
        print(f"{name:36} {value:>12,.4g}")


def measure_computation(folder: Path) -> dict[str, float]:
    """Compute the map of an index and keep it there; return its time and what it keeps."""
    with Gallery.open(folder, read_only=True) as gallery:
        begun, used = time.perf_counter(), time.process_time()
        known = compute_map(gallery)
        taken, used = time.perf_counter() - begun, time.process_time() - used
        save_map(folder, known)
        _, vectors = gallery.everything()
        labels = gallery.labels_of(known.ids)
    return {
        "items": len(known.ids),
        "seconds to lay out": taken,
        "processor seconds": used,
        **judge(known, vectors, labels),
    }


def judge(known: GalleryMap, vectors: Vectors, labels: Labels) -> dict[str, float]:
    """Return what of the neighbourhoods of some drawn items the map keeps."""
    drawn = np.random.default_rng(0).permutation(len(vectors))[:JUDGED]
    near = exact_neighbours(vectors[drawn], vectors, NEAREST + 1).positions
    kept, own = [], []
    for row, neighbours in zip(drawn, near, strict=True):
        apart = ((known.places - known.places[row]) ** 2).sum(axis=1)
        apart[row] = np.inf
        shown = np.argpartition(apart, NEAREST)[:NEAREST]
        kept.append(len({*shown.tolist()} & ({*neighbours.tolist()} - {row})) / NEAREST)
        own.append(float(np.mean(labels[shown] == labels[row])))
    return {"of the 10 nearest, on the map too": float(np.mean(kept)), "same label": np.mean(own)}


def measure_page(page: Page, address: str, seconds: float) -> dict[str, float]:
    """Return the milliseconds to the first sight of a map, and how often it is painted."""
    page.goto(f"{address}/#run")
    page.locator("#run").get_by_role("heading").first.wait_for()
    page.wait_for_timeout(1000)
    devices = page.context.new_cdp_session(page)
    devices.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = thread_seconds(devices)
    opened: Any = page.evaluate("location.hash = '#map', performance.now()")
    page.locator(".map-points[aria-label]").wait_for()
    page.wait_for_timeout(1000)
    first = page.evaluate("performance.getEntriesByName('siam-map')[0].startTime") - opened
    opening = thread_seconds(devices) - before
    page.evaluate(COUNT_PAINTS)
    before = thread_seconds(devices)
    box = page.locator(".map-points").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    end = time.perf_counter() + seconds
    step = 0
    while time.perf_counter() < end:
        step += 1
        page.mouse.move(x + 150 * np.sin(step / 20), y + 100 * np.cos(step / 20))
    page.mouse.up()
    used = thread_seconds(devices) - before
    paints = page.evaluate("window.paints")
    between = np.diff(paints)
    return {
        "ms to the first sight": float(first),
        "processor ms of the page until then": 1000 * opening,
        "processor ms of the page, a paint": 1000 * used / len(paints),
        "paints a second while dragging": float(1000 / between.mean()),
        "ms between them, 95 of 100": float(np.quantile(between, 0.95)),
    }


def thread_seconds(devices: CDPSession) -> float:
    """Return the seconds of a processor that the page's own thread has worked."""
    metrics = devices.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))


def photograph(page: Page, path: Path) -> None:
    """Keep a picture of the whole map, with an item pointed at."""
    page.get_by_role("button", name="Show the whole map").click()
    box = page.locator(".map-points").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.4 * box["height"])
    page.locator(".map-card img").wait_for()
    page.wait_for_timeout(1000)
    page.screenshot(path=path)


if __name__ == "__main__":
    main()
