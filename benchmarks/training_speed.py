"""A training step beside the machine's peak, and whether siam chooses the faster precision.

    python benchmarks/training_speed.py [--batch 260] [--seconds 5] [--json]

A step counts 6 floating-point operations per multiply-add and picture: 2 forward, 4 backward. The
peak is a 4096-cube matrix product on the same cores, in the same precision. A step is the median
of its repeats, the peak the fastest of five.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from siam.training.native_logs import quiet_native_logs

SIDE = 4096
REPEATS = 5
CLASSES = 10
SHAPE = (28, 28, 1)
POLICIES = {"float32": "float32", "mixed_bfloat16": "bfloat16"}


def main() -> None:
    """Time a step of every tower in both precisions, then have siam choose."""
    parser = argparse.ArgumentParser(description="A training step beside the machine's peak.")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, no table")
    parser.add_argument("--batch", type=int, default=260, help="pictures in a step, tens of them")
    parser.add_argument("--seconds", type=float, default=5.0, help="of steps of each row")
    options = parser.parse_args()
    with quiet_native_logs():
        from siam.recipe import Recipe
        from siam.siamese.step_time import batch_pictures, measure_step, multiply_adds
        from siam.siamese.towers import TOWERS
        from siam.training.precision import resolve_precision

    out = sys.stderr if options.json else sys.stdout
    measure = partial(measure_step, input_shape=SHAPE, classes=CLASSES)
    print("tower    precision       million  ms a step  GFLOP/s  of peak", file=out)
    rows = []
    choices = []
    peaks = {policy: peak_flops(dtype) for policy, dtype in POLICIES.items()}
    for tower in TOWERS:
        recipe = Recipe(tower=tower, pictures_per_class=options.batch // CLASSES)
        count = multiply_adds(recipe, input_shape=SHAPE)
        times = {}
        for policy, peak in peaks.items():
            named = Recipe(
                tower=tower, pictures_per_class=options.batch // CLASSES, precision=policy
            )
            times[policy] = measure(named, seconds=options.seconds).seconds
            flops = 6 * count * batch_pictures(recipe, CLASSES) / times[policy]
            row: dict[str, Any] = {"tower": tower, "precision": policy, "peak_flops": peak}
            row |= {"multiply_adds": count, "seconds": times[policy], "flops": flops}
            row["share"] = flops / peak
            rows.append(row)
            print(
                f"{tower:8} {policy:14} {count / 1e6:8.1f} {times[policy] * 1e3:10.1f} "
                f"{flops / 1e9:8.0f} {row['share']:8.0%}",
                file=out,
                flush=True,
            )
        started = time.perf_counter()
        chosen, measured = resolve_precision(recipe, measure)
        choice = {
            "tower": tower,
            "precision": chosen.precision,
            "measured": {name: step.seconds for name, step in measured.items()},
        }
        choice["seconds"] = time.perf_counter() - started
        choice["ratio"] = times[chosen.precision] / min(times.values())
        choices.append(choice)
    for choice in choices:
        print(
            f"{choice['tower']}: chosen {choice['precision']} in {choice['seconds']:.1f} s, "
            f"{choice['ratio']:.2f} of the faster one's time",
            file=out,
        )
    if options.json:
        print(json.dumps({"schema": 1, "batch": options.batch, "rows": rows, "choices": choices}))


def peak_flops(dtype: str) -> float:
    """Floating-point operations a second of a large matrix product."""
    from keras import ops

    matrix = ops.ones((SIDE, SIDE), dtype)
    return (
        2 * SIDE**3 / fastest(lambda: float(ops.cast(ops.matmul(matrix, matrix)[0, 0], "float32")))
    )


def fastest(work: Callable[[], Any]) -> float:
    """Seconds of the fastest repeat, after two to warm up."""
    work()
    work()
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


if __name__ == "__main__":
    main()
