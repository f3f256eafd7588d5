"""`siam train digits` from the start of the process to its end, five times.

python benchmarks/digits_run.py [--runs 5]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time


def main() -> None:
    """Train with seeds 0, 1, ... and print seconds, memory and figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    seconds, recalls, accuracies = [], [], []
    for seed in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-m", "siam.cli", "train", "digits", "--json"]
                + ["--seed", str(seed)],
                env={**os.environ, "SIAM_RUNS": folder},
                capture_output=True,
                text=True,
                check=True,
            )
            seconds.append(time.perf_counter() - started)
        result = json.loads(done.stdout)
        recalls.append(result["retrieval"]["recall@1"])
        accuracies.append(result["pairs"]["accuracy"])
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    spread = statistics.stdev if runs > 1 else lambda _: 0.0
    print(f"siam train digits, {runs} seeds, whole process:")
    print(f"  seconds        median {statistics.median(seconds):.1f}, most {max(seconds):.1f}")
    print(f"  peak memory    {peak:.2f} GB")
    print(f"  Recall@1       {statistics.mean(recalls):.2%} ± {spread(recalls):.2%}")
    print(f"  pair accuracy  {statistics.mean(accuracies):.2%} ± {spread(accuracies):.2%}")


if __name__ == "__main__":
    main()
