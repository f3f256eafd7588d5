"""`siam index sync` of a folder that did not change: 10,000 pictures, process start included.

    python benchmarks/index_sync.py --run RUN

The first sync fills the index of a copy of the run; the second and third find nothing to do.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image


def main() -> None:
    """Make the pictures, sync three times, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="A finished run's folder.")
    parser.add_argument("--count", type=int, default=10_000)
    options = parser.parse_args()
    generator = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as place:
        run = Path(place) / "runs" / "copy"
        shutil.copytree(options.run, run)
        pictures = Path(place) / "pictures"
        for number in range(options.count):
            path = pictures / f"class{number % 10}" / f"{number:05}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            canvas = np.full((28, 28), 255, np.uint8)
            left, top = generator.integers(3, 15, 2)
            canvas[top : top + 9, left : left + 5] = number % 200
            Image.fromarray(canvas).save(path)
        seconds = []
        for _ in range(3):
            started = time.perf_counter()
            subprocess.run(
                [sys.executable, "-m", "siam.cli", "index", "sync", str(pictures)]
                + ["--run", str(run)],
                check=True,
                env={**os.environ, "SIAM_RUNS": str(run.parent)},
            )
            seconds.append(round(time.perf_counter() - started, 2))
    print(json.dumps({"count": options.count, "first_s": seconds[0], "unchanged_s": seconds[1:]}))


if __name__ == "__main__":
    main()
