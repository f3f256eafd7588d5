"""Run every benchmark, one after the other, and keep what each printed.

    python benchmarks/run.py [NAME ...]      all of them, or those whose name contains a word

Each result goes to benchmarks/results/NAME.txt with the machine and the date, as the README quotes
it. A benchmark that fails is said so at the end, and the exit code with it.
"""

from __future__ import annotations

import platform
import subprocess
import sys
import time
from pathlib import Path

from siam.training.device import processor_name

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
# What a user waits for first, the longest last. Those that need a run, another data set or other
# libraries beside siam are run by name (benchmarks/README.md).
BENCHMARKS = (
    ("cold_start", []),
    ("encoder", []),
    ("digits_run", []),
    ("index_search", []),
    ("evaluation_all_pairs", []),
    ("outside_pictures", []),
    ("training_speed", []),
    ("classifiers", []),
    ("classical_keras", []),
    ("training_presets", ["--seeds", "5"]),
    ("training_ablation", ["--seeds", "5"]),
)


def run(name: str, options: list[str]) -> bool:
    """Run one benchmark, show what it prints and keep it; say whether it ended well."""
    print(f"== {name} {' '.join(options)}", flush=True)
    started = time.time()
    process = subprocess.Popen(
        [sys.executable, str(HERE / f"{name}.py"), *options], stdout=subprocess.PIPE, text=True
    )
    lines = []
    assert process.stdout is not None
    for line in process.stdout:
        print(line, end="", flush=True)
        lines.append(line)
    ended_well = process.wait() == 0
    if ended_well:
        heading = (
            f"{time.strftime('%Y-%m-%d')}, {processor_name()}, Python {platform.python_version()}, "
            f"{time.time() - started:.0f} s\n"
            f"benchmarks/{name}.py {' '.join(options)}\n\n"
        )
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{name}.txt").write_text(heading + "".join(lines))
    return ended_well


def main() -> None:
    """Run what the command line names."""
    words = sys.argv[1:]
    chosen = [
        (name, options)
        for name, options in BENCHMARKS
        if not words or any(word in name for word in words)
    ]
    failed = [name for name, options in chosen if not run(name, options)]
    if failed:
        sys.exit(f"Failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
