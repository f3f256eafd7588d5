"""Whole processes: help, one query, a folder of 10,000, and the same answer through Keras.

    python benchmarks/cold_start.py [--run NAME-OR-PATH] [--repeats 5] [--json]

Without --run a quick run with 60,000 pictures in its gallery is trained first (MNIST, one epoch).
Medians of whole processes; siam and Keras take turns. Memory is the peak resident size. A folder's
rate leaves out what one picture takes, which is the start.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from siam.parallel import cores
from siam.runs.held_out import load_held_out
from siam.runs.runs_folder import find_run

FOLDER = 10_000
SIAM = [sys.executable, "-m", "siam.cli"]
# The same answer, its embedding by Keras' `predict` in place of the exported encoder.
THROUGH_KERAS = """
import dataclasses, pathlib, sys
from siam.training.native_logs import quiet_native_logs
with quiet_native_logs():
    import keras
from siam.engine.query import query_pictures
from siam.engine.open_run import open_run
from siam.run_files import NETWORK_FILE
from siam.siamese.encoder import KerasEncoder
with open_run(sys.argv[1]) as run:
    slow = dataclasses.replace(run, encoder=KerasEncoder(run.path / NETWORK_FILE))
    for answer in query_pictures(slow, [(sys.argv[2], pathlib.Path(sys.argv[2]))]):
        print(answer.label, answer.verdict, f"{answer.probability:.1%}")
"""


@dataclass(frozen=True)
class Process:
    """What one process took.

    Attributes:
        seconds: from start to end.
        cpu: seconds of all its threads.
        memory: peak resident bytes.
        code: exit status.
    """

    seconds: float
    cpu: float
    memory: int
    code: int


def main() -> None:
    """Time the processes in turns, and print their medians."""
    parser = argparse.ArgumentParser(description="Whole processes, siam beside Keras.")
    parser.add_argument("--run", help="a run; without it one is trained")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, no table")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        run = find_run(chosen.run) if chosen.run else train(Path(scratch))
        folder = write_pictures(run, Path(scratch) / "pictures")
        one = str(folder / "00003.png")
        commands = {
            "siam --help": [*SIAM, "--help"],
            "siam query PICTURE": [*SIAM, "query", one, "--run", str(run)],
            "the same through Keras": [sys.executable, "-c", THROUGH_KERAS, str(run), one],
            f"siam query FOLDER ({FOLDER:,})": [*SIAM, "query", str(folder), "--run", str(run)],
        }
        rows = measure(commands, chosen.repeats)
    help_, query, keras, whole = rows
    start = query["seconds"]
    summary = {
        "keras_over_siam": keras["seconds"] / start,
        "pictures_per_second_after_start": (FOLDER - 1) / (whole["seconds"] - start),
    }
    if chosen.json:
        print(json.dumps({"schema": 1, "cores": cores(), "rows": rows, **summary}, indent=2))
        return
    print(f"{'process':28} {'seconds':>8} {'cpu s':>7} {'MB':>6}   median of {chosen.repeats}")
    for row in rows:
        memory = row["memory"] / 1e6
        print(f"{row['process']:28} {row['seconds']:8.2f} {row['cpu']:7.2f} {memory:6.0f}")
    print(f"Keras takes {summary['keras_over_siam']:.1f} times as long for one answer.")
    print(
        f"A folder goes at {summary['pictures_per_second_after_start']:,.0f} pictures a second "
        f"after the start, on {cores()} cores."
    )


def train(scratch: Path) -> Path:
    """Train a run whose gallery holds MNIST's 60,000."""
    environment = {**os.environ, "SIAM_RUNS": str(scratch / "runs")}
    words = ["train", "mnist", "--preset", "quick", "--epochs", "1", "--name", "timed"]
    subprocess.run([*SIAM, *words], env=environment, check=True, stdout=subprocess.DEVNULL)
    return scratch / "runs" / "timed"


def write_pictures(run: Path, folder: Path) -> Path:
    """Write the run's test pictures as PNG files, again from the first where they are fewer."""
    import cv2

    folder.mkdir()
    _, test = load_held_out(run)
    for number in range(FOLDER):
        cv2.imwrite(str(folder / f"{number:05d}.png"), test.pictures[number % len(test)])
    return folder


def measure(commands: dict[str, list[str]], repeats: int) -> list[dict[str, Any]]:
    """Run every command once to warm the disk's cache, then `repeats` times in turns."""
    taken: dict[str, list[Process]] = {name: [] for name in commands}
    for turn in range(repeats + 1):
        for name, command in commands.items():
            process = run_process(command)
            if process.code not in (0, 1):  # 1: no match, an answer like any other
                raise SystemExit(f"{name} ended with {process.code}")
            if turn:
                taken[name].append(process)
    return [
        {
            "process": name,
            "seconds": statistics.median(process.seconds for process in runs),
            "cpu": statistics.median(process.cpu for process in runs),
            "memory": statistics.median(process.memory for process in runs),
        }
        for name, runs in taken.items()
    ]


def run_process(command: list[str]) -> Process:
    """Run a process to its end and ask the system what it took."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    cpu = usage.ru_utime + usage.ru_stime
    return Process(seconds, cpu, usage.ru_maxrss * 1024, process.returncode)


if __name__ == "__main__":
    main()
