"""Whole processes: help, one query, a folder of 10,000, and the same answer through Keras.

    python benchmarks/cold_start.py [--run NAME-OR-PATH] [--repeats 15] [--rounds 3] [--alone]
        [--json]
    python benchmarks/cold_start.py --bundled

Without --run a quick run with 60,000 pictures in its gallery is trained first (MNIST, one epoch).
Medians of whole processes that take turns, of the round that was fastest for the query: a machine
that others use has slow minutes. A bare `import numpy, faiss` is one of them, and the query's ratio
to it holds on any machine. Memory is the peak resident size. A folder's rate leaves out what one
picture takes, which is the start. --alone leaves out Keras and the folder, which take minutes.
With --bundled, likewise alone, what answers is the run that ships with siam, about a photo.
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
from siam.runs.runs_folder import find_run

FOLDER = 10_000
EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "digit.jpg"
BARE = "import numpy, faiss"
# An installed siam is compiled; one that Python may not keep compiled takes twice as long.
ENVIRONMENT = {n: v for n, v in os.environ.items() if n != "PYTHONDONTWRITEBYTECODE"}
# What a query is made of, in its order: seconds of processor time between these lines.
PARTS = """
import pathlib, sys, time
spent, parts = time.process_time, [("Python", time.process_time())]
def after(name): parts.append((name, spent()))
import siam.cli; after("command line")
import numpy; after("NumPy")
from siam.engine.open_run import open_run
from siam.engine.query import query_pictures; after("siam's modules")
run = open_run(sys.argv[1] or None); after("opening the run, LiteRT")
import cv2, PIL.Image; after("OpenCV, Pillow")
picture = (sys.argv[2], pathlib.Path(sys.argv[2]))
answer = next(iter(query_pictures(run, [picture]))); after("reading, embedding, searching")
print(*(f"{name}={now - before}" for (_, before), (name, now) in
        zip([("", 0.0), *parts], parts)), sep="\\n")
"""
SIAM = [sys.executable, "-m", "siam.cli"]
WRITE_PICTURES = """
import pathlib, sys
import cv2
from siam.runs.held_out import load_held_out
_, test = load_held_out(pathlib.Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    cv2.imwrite(f"{sys.argv[2]}/{number:05d}.png", test.pictures[number % len(test)])
"""
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
    parser.add_argument("--repeats", type=int, default=15, help="processes of a kind in a round")
    parser.add_argument("--rounds", type=int, default=3, help="the best one is given")
    parser.add_argument("--alone", action="store_true", help="no Keras, no folder of pictures")
    parser.add_argument("--bundled", action="store_true", help="the run that ships with siam")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, no table")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        if chosen.bundled:
            ENVIRONMENT["SIAM_RUNS"] = str(Path(scratch) / "none of one's own")
            chosen.alone, one, run, named = True, str(EXAMPLE), "", []
        else:
            run = str(find_run(chosen.run) if chosen.run else train(Path(scratch)))
            count = 4 if chosen.alone else FOLDER
            folder = write_pictures(run, Path(scratch) / "pictures", count)
            one, named = str(folder / "00003.png"), ["--run", run]
        commands = {
            "siam query PICTURE": [*SIAM, "query", one, *named],
            f'python -c "{BARE}"': [sys.executable, "-c", BARE],
            "siam --help": [*SIAM, "--help"],
        }
        if not chosen.alone:
            commands["the same through Keras"] = [
                sys.executable, "-c", THROUGH_KERAS, run, one,
            ]  # fmt: skip
            commands[f"siam query FOLDER ({FOLDER:,})"] = [
                *SIAM, "query", str(folder), *named,
            ]  # fmt: skip
        rounds = [measure(commands, chosen.repeats) for _ in range(chosen.rounds)]
        parts = measure_parts(run, one, chosen.repeats)
    rows = min(rounds, key=lambda rows: rows[0]["seconds"])
    query, bare, _, *others = rows
    summary = {"bare_imports": query["seconds"] / bare["seconds"]}
    if others:
        keras, whole = others
        summary["keras_over_siam"] = keras["seconds"] / query["seconds"]
        rate = (FOLDER - 1) / (whole["seconds"] - query["seconds"])
        summary["pictures_per_second_after_start"] = rate
    if chosen.json:
        content = {"schema": 1, "cores": cores(), "rows": rows, "parts": parts, **summary}
        print(json.dumps(content, indent=2))
        return
    title = f"medians of {chosen.repeats}, the best of {chosen.rounds} rounds"
    print(f"{'process':32} {'seconds':>8} {'cpu s':>7} {'MB':>6}   {title}")
    for row in rows:
        memory = row["memory"] / 1e6
        print(f"{row['process']:32} {row['seconds']:8.2f} {row['cpu']:7.2f} {memory:6.0f}")
    print(f"A query takes {summary['bare_imports']:.2f} times what the bare imports take.")
    if others:
        print(f"Keras takes {summary['keras_over_siam']:.1f} times as long for one answer.")
        print(
            f"A folder goes at {summary['pictures_per_second_after_start']:,.0f} pictures a second "
            f"after the start, on {cores()} cores."
        )
    print(f"\n{'part of a query':32} {'cpu ms':>8}   least of {chosen.repeats}")
    for name, seconds in parts.items():
        print(f"{name:32} {1000 * seconds:8.0f}")
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    print(f"Load of the machine at the end: {load:.1f} on {cores()} cores.")


def train(scratch: Path) -> Path:
    """Train a run whose gallery holds MNIST's 60,000."""
    environment = {**os.environ, "SIAM_RUNS": str(scratch / "runs")}
    words = ["train", "mnist", "--preset", "quick", "--epochs", "1", "--name", "timed"]
    subprocess.run([*SIAM, *words], env=environment, check=True, stdout=subprocess.DEVNULL)
    return scratch / "runs" / "timed"


def write_pictures(run: str, folder: Path, count: int) -> Path:
    """Write the run's test pictures as PNG files, again from the first where they are fewer.

    In a process of its own: what this one holds would count as the memory of those it starts.
    """
    folder.mkdir()
    command = [sys.executable, "-c", WRITE_PICTURES, run, str(folder), str(count)]
    subprocess.run(command, check=True)
    return folder


def measure_parts(run: str, one: str, repeats: int) -> dict[str, float]:
    """Return the least seconds of processor time that each part of a query took."""
    taken: dict[str, float] = {}
    for _ in range(repeats):
        command = [sys.executable, "-c", PARTS, run, one]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT)
        for line in done.stdout.splitlines():
            name, seconds = line.split("=")
            taken[name] = min(float(seconds), taken.get(name, float("inf")))
    return taken


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
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    cpu = usage.ru_utime + usage.ru_stime
    return Process(seconds, cpu, usage.ru_maxrss * 1024, process.returncode)


if __name__ == "__main__":
    main()
