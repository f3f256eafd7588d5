"""A training step beside the machine's peak: milliseconds, GFLOP/s, share of a large product.

    python benchmarks/training_speed.py [--batch 260] [--repeats 30] [--json]

A step counts 6 floating-point operations per multiply-add and picture: 2 forward, 4 backward. The
peak is a 4096-cube matrix product on the same cores. Fastest of the repeats, so that a busy
machine shows less.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from siam.training.native_logs import quiet_native_logs

SIDE = 4096
POLICIES = {"float32": "float32", "mixed_bfloat16": "bfloat16"}


def main() -> None:
    """Time a step of every tower in both precisions."""
    parser = argparse.ArgumentParser(description="A training step beside the machine's peak.")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, no table")
    parser.add_argument("--batch", type=int, default=260, help="pictures in a step")
    parser.add_argument("--repeats", type=int, default=30)
    chosen = parser.parse_args()
    with quiet_native_logs():
        from siam.siamese.towers import TOWERS

    out = sys.stderr if chosen.json else sys.stdout
    print("tower    precision       million  ms a step  GFLOP/s  of peak", file=out)
    rows = []
    for policy, dtype in POLICIES.items():
        peak = peak_flops(dtype)
        for tower in TOWERS:
            row = {"tower": tower, "precision": policy, "peak_flops": peak}
            row |= time_step(tower, policy, chosen.batch, chosen.repeats)
            row["share"] = row["flops"] / peak
            rows.append(row)
            print(
                f"{tower:8} {policy:14} {row['multiply_adds'] / 1e6:8.1f} "
                f"{row['seconds'] * 1e3:10.1f} {row['flops'] / 1e9:8.0f} {row['share']:8.0%}",
                file=out,
                flush=True,
            )
    if chosen.json:
        print(json.dumps({"schema": 1, "batch": chosen.batch, "rows": rows}, indent=2))


def time_step(tower: str, policy: str, batch: int, repeats: int) -> dict[str, Any]:
    """Time one step of the contrastive loss with the presets' optimizer."""

    from siam.recipe import Recipe
    from siam.siamese.losses.registry import make_loss
    from siam.siamese.towers import build_tower
    from siam.training.optimizers import make_optimizer
    from siam.training.precision import dtype_policy

    with dtype_policy(policy):
        model = build_tower(tower, (28, 28, 1), 64)
    model.compile(
        optimizer=make_optimizer(Recipe().optimizer, 1e-3, weight_decay=0.0),
        loss=make_loss("contrastive"),
    )
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (batch, 28, 28, 1)).astype(np.float32)
    labels = np.arange(batch) % 10
    seconds = fastest(lambda: model.train_on_batch(pictures, labels), repeats)
    count = multiply_adds(model)
    return {"multiply_adds": count, "seconds": seconds, "flops": 6 * count * batch / seconds}


def multiply_adds(model: Any) -> int:
    """Multiply-adds of one picture through the convolutions and dense layers."""
    import keras

    total = 0
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            total += int(np.prod(layer.output.shape[1:3])) * int(np.prod(layer.kernel.shape))
        elif isinstance(layer, keras.layers.Dense):
            total += int(np.prod(layer.kernel.shape))
    return total


def peak_flops(dtype: str) -> float:
    """Floating-point operations a second of a large matrix product."""
    from keras import ops

    matrix = ops.ones((SIDE, SIDE), dtype)
    return (
        2
        * SIDE**3
        / fastest(lambda: float(ops.cast(ops.matmul(matrix, matrix)[0, 0], "float32")), 5)
    )


def fastest(work: Callable[[], Any], repeats: int) -> float:
    """Seconds of the fastest repeat, after two to warm up."""
    work()
    work()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


if __name__ == "__main__":
    main()
