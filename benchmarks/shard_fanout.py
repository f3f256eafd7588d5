"""What a search over many shards waits for: a simulation of stragglers, a lost node, and fan-out.

    python benchmarks/shard_fanout.py [--shards 100] [--queries 200000] [--seed 0] [--json]

A query goes to every shard of the fan-out and is answered when the slowest is: so its 99th
percentile is far above a shard's. Nothing here is measured; it is arithmetic with random numbers,
of a shard that takes 5 ms as a rule (log-normal, sigma 0.3) and 50 ms more once in a hundred times,
as for a pause of a garbage collector (Dean and Barroso, The Tail at Scale, 2013).

- hedged: a second copy of the shard is asked where the first has not answered in 10 ms.
- 99 % of shards: answered when all but one in a hundred have, without the neighbours of the rest.
- a node lost: one of the shards does not answer; it is given up after 100 ms, or has a second copy,
  which is asked after 10 ms. A query that asks a part of the shards meets it as often as that says.
"""

from __future__ import annotations

import argparse
import json

import numpy as np

MEDIAN, SIGMA = 5.0, 0.3  # ms
STRAGGLERS, PAUSE = 0.01, 50.0
HEDGE = 10.0
GIVEN_UP = 100.0
BLOCK = 2_000_000  # numbers at once


def answers(generator: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Return milliseconds until shards answer: float64 of `shape`."""
    usual = MEDIAN * np.exp(SIGMA * generator.standard_normal(shape))
    return usual + PAUSE * (generator.random(shape) < STRAGGLERS)


def simulate(fan_out: int, shards: int, queries: int, seed: int) -> dict[str, np.ndarray]:
    """Return milliseconds until each query is answered, by way of asking: float64 (queries,)."""
    generator = np.random.default_rng(seed)
    ways: dict[str, list[np.ndarray]] = {}
    size = max(1, BLOCK // fan_out)
    for start in range(0, queries, size):
        shape = (min(size, queries - start), fan_out)
        first = answers(generator, shape)
        second = HEDGE + answers(generator, shape)
        hedged = np.where(first > HEDGE, np.minimum(first, second), first)
        enough = max(1, int(np.ceil(0.99 * fan_out))) - 1
        meets = generator.random(shape[0]) < fan_out / shards
        lost = np.where(meets, np.maximum(first.max(axis=1), GIVEN_UP), first.max(axis=1))
        copied = first.copy()
        copied[meets, 0] = second[meets, 0]
        for name, waited in (
            ("all shards", first.max(axis=1)),
            ("hedged", hedged.max(axis=1)),
            ("99 % of shards", np.partition(first, enough, axis=1)[:, enough]),
            ("a node lost, given up", lost),
            ("a node lost, with a copy", copied.max(axis=1)),
        ):
            ways.setdefault(name, []).append(waited)
    return {name: np.concatenate(parts) for name, parts in ways.items()}


def main() -> None:
    """Simulate, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shards", type=int, default=100)
    parser.add_argument("--queries", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    steps = [n for n in (1, 10, 30, 100, 300, 1000) if n < arguments.shards]
    table: dict[str, dict[str, dict[str, float]]] = {}
    for fan_out in (*steps, arguments.shards):
        queries = max(1000, arguments.queries // fan_out * min(fan_out, 10))
        for name, waited in simulate(fan_out, arguments.shards, queries, arguments.seed).items():
            middle, late = np.percentile(waited, [50, 99])
            told = {"p50_ms": round(float(middle), 1), "p99_ms": round(float(late), 1)}
            table.setdefault(name, {})[str(fan_out)] = told
    if arguments.json:
        print(json.dumps({"seed": arguments.seed, "ways": table}))
        return
    print(f"p50 / p99 in ms, simulated; a shard: {MEDIAN:.0f} ms, 1 in 100 {PAUSE:.0f} ms more")
    print(f"{'shards asked':26}" + "".join(f"{n:>16}" for n in (*steps, arguments.shards)))
    for name, row in table.items():
        cells = [f"{cell['p50_ms']:.1f} / {cell['p99_ms']:.1f}" for cell in row.values()]
        print(f"{name:26}" + "".join(f"{cell:>16}" for cell in cells))


if __name__ == "__main__":
    main()
