"""A fuzzing session: `python session.py RUN --seed N --count N [--first N] [--kind KIND]`.

Each case starts from a copy of the run, in a child process of its own, and must end as the command
line promises: with a documented exit code that is not 70, an error in a line or two, nothing on the
screen that a terminal obeys, within 2 GiB of memory and 10 seconds of processor time (a training
60). What does not is printed, with the numbers that bring it back.

Kinds: "light", the default; "keras", what loads .keras files; "resume", interrupted trainings.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import os
import random
import resource
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
from cases import CASES, KERAS_CASES
from fork_server import SECONDS, Ending, fork_command, preload
from PIL import Image
from resume_cases import begin_training, resumed_training

from siam.printable import printable

KINDS = {"light": CASES, "keras": KERAS_CASES, "resume": (resumed_training,)}
ENDS = {0, 1, 2, 3, 4, 5}
PAST = 1_000_000_000


def lay_out(run: Path, folder: Path) -> None:
    """Copy the run, and put beside it the pictures that the cases name."""
    # SQLite maps them into memory, where what is written leaves a file's time as it was.
    apart = shutil.ignore_patterns("*-shm", "*-wal")
    shutil.copytree(run, folder / "runs" / "run", ignore=apart)
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


def settle(folder: Path) -> None:
    """Give every file one time, long past, that whatever writes to it changes."""
    for path in folder.rglob("*"):
        if path.is_file():
            os.utime(path, (PAST, PAST))


def restore(folder: Path, whole: Path) -> None:
    """Make a folder as `whole` again, copying what was changed: all of it is ten times the work."""
    left = {path.relative_to(folder) for path in folder.rglob("*")}
    for path in whole.rglob("*"):
        name = path.relative_to(whole)
        copy = folder / name
        left.discard(name)
        if path.is_dir() and not copy.is_symlink():
            copy.mkdir(exist_ok=True)
        elif not (copy.is_file() and copy.stat().st_mtime == PAST):
            copy.unlink(missing_ok=True)
            shutil.copy2(path, copy)
    for name in sorted(left, reverse=True):
        path = folder / name
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()


def fault(ending: Ending) -> str | None:
    """Say how a command ended otherwise than it may; None where all is well."""
    if ending.code < 0:
        return f"signal {-ending.code}"
    if ending.code not in ENDS:
        return f"exit code {ending.code}"
    told = ending.output + ending.errors
    if "Traceback" in told:
        return "traceback"
    if printable(told, lines=True) != told:
        return "control characters"
    lines = ending.errors.splitlines()
    errors = [number for number, line in enumerate(lines) if line.startswith("Error:")]
    if errors and len(lines) - errors[0] > 2:
        return f"an error of {len(lines) - errors[0]} lines"
    return "nothing said" if ending.code > 1 and not told.strip() else None


def main() -> int:
    """Run the cases that were asked for; 1 where one ended otherwise than it may."""
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--kind", choices=KINDS, default="light")
    chosen = parser.parse_args()
    preload(keras=chosen.kind != "light")
    cases = KINDS[chosen.kind]
    limit = resource.RLIMIT_AS if chosen.kind == "light" else resource.RLIMIT_DATA
    most = 60 if chosen.kind == "resume" else SECONDS
    wrong = 0
    with tempfile.TemporaryDirectory() as name, contextlib.suppress(KeyboardInterrupt):
        whole, folder = Path(name) / "whole", Path(name) / "case"
        lay_out(chosen.run.resolve(), whole)
        if chosen.kind == "resume":
            begin_training(whole, folder)
        settle(whole)
        folder.mkdir()
        for number in range(chosen.first, chosen.first + chosen.count):
            draw = random.Random(f"{chosen.seed}/{number}")
            try:
                restore(folder, whole)
            except OSError:  # a folder where a file was, or the other way round
                shutil.rmtree(folder)
                shutil.copytree(whole, folder)
            case = draw.choice(cases)
            prepare = functools.partial(case, folder / "runs" / "run", draw)
            ending = fork_command(prepare, folder=folder, limit=limit, most=most)
            command = ending.command
            line = [number, case.__name__, command, ending.code, round(ending.seconds, 2)]
            print(json.dumps(line), flush=True)
            if told := fault(ending):
                wrong += 1
                output = (ending.output + ending.errors)[-3000:]
                print(
                    "FAULT", json.dumps([number, told, case.__name__, command, output]), flush=True
                )
    print(f"{wrong} faults", file=sys.stderr)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
