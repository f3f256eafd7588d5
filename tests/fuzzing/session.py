"""A fuzzing session in this process: `python session.py RUN --seed N --count N [--first N]`.

Each case starts from a copy of the run, and must end as the command line promises: with a
documented exit code that is not 70, an error in a line or two, nothing on the screen that a
terminal obeys, within 2 GiB of memory and 20 seconds of processor time. What does not is printed,
with the numbers that bring it back.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import json
import os
import random
import resource
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
from cases import CASES
from PIL import Image
from typer.testing import CliRunner, Result

from siam.cli import app
from siam.printable import printable

MEMORY, SECONDS, WAIT = 2 << 30, 20, 300
ENDS = {0, 1, 2, 3, 4, 5}


def lay_out(run: Path, folder: Path) -> None:
    """Copy the run, and put beside it the pictures that the cases name."""
    shutil.copytree(run, folder / "runs" / "run")
    generator = np.random.default_rng(0)
    for number, name in enumerate(("a.png", "b.png")):
        pixels = np.zeros((28, 28), np.uint8)
        pixels[6:22, 12 - number : 16] = 255
        Image.fromarray(pixels).save(folder / name)
    for number in range(24):
        path = folder / "photos" / str(number % 3) / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(generator.integers(0, 256, (28, 28), np.uint8)).save(path)
    pictures = generator.integers(0, 256, (4, 28, 28), np.uint8)
    np.savez(folder / "x.npz", x=pictures, y=np.arange(4))


def fault(result: Result) -> str | None:
    """Say how a command ended otherwise than it may; None where all is well."""
    if result.exception and not isinstance(result.exception, SystemExit):
        return f"{type(result.exception).__name__} escaped"
    if result.exit_code not in ENDS:
        return f"exit code {result.exit_code}"
    if printable(result.output, lines=True) != result.output:
        return "control characters"
    told = [line for line in result.stderr.splitlines() if line.startswith("Error:")]
    return "several errors" if len(told) > 1 else None


def run_case(run: Path, seed: int, number: int) -> str | None:
    """Run one case; return what was wrong with its end, as JSON."""
    draw = random.Random(f"{seed}/{number}")
    here = os.getcwd()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lay_out(run, folder)
        os.chdir(folder)
        os.environ["SIAM_RUNS"] = str(folder / "runs")
        case = draw.choice(CASES)
        command = case(folder / "runs" / "run", draw)
        used = resource.getrusage(resource.RUSAGE_SELF)
        limit = int(used.ru_utime + used.ru_stime) + SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
        faulthandler.dump_traceback_later(WAIT, exit=True)
        print(json.dumps([number, case.__name__, command]), flush=True)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                result = CliRunner().invoke(app, command)
        finally:
            faulthandler.cancel_dump_traceback_later()
            os.chdir(here)
    wrong = fault(result)
    return wrong and json.dumps([number, wrong, case.__name__, command, result.output[-600:]])


def main() -> int:
    """Run the cases that were asked for; 1 where one ended otherwise than it may."""
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=1000)
    chosen = parser.parse_args()
    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    wrong = []
    with contextlib.suppress(KeyboardInterrupt):
        for number in range(chosen.first, chosen.first + chosen.count):
            if told := run_case(chosen.run.resolve(), chosen.seed, number):
                print("FAULT", told, flush=True)
                wrong.append(told)
    print(f"{len(wrong)} faults", file=sys.stderr)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
