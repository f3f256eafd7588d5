"""Two writers and three readers at one index: `python writers.py FOLDER --seconds 600`.

The writers add, change, remove and build for all they are worth, each among items of its own. The
readers open the index anew or go on with it, and must always find the items that nobody touches,
at distance 0. At the end the index holds what each writer was told is committed, and is sound.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import time
from collections.abc import Callable
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any

import numpy as np

DIM, FIXED, WAIT = 16, 200, 300.0


def vectors(seed: int, count: int) -> np.ndarray:
    """Return unit vectors, the same ones for the same seed."""
    made = np.random.default_rng(seed).standard_normal((count, DIM)).astype(np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


def write(folder: Path, number: int, until: float, told: Queue[Any]) -> None:
    """Change items of one's own; tell at the end which there are, and how many commits it took."""
    from siam.index.gallery import Gallery

    chance, held, commits = random.Random(number), dict[str, int](), 0
    with Gallery.open(folder, wait=WAIT) as gallery:
        while time.monotonic() < until:
            step = chance.choice(["add", "add", "change", "remove", "build"])
            if step == "build":
                gallery.build()
                continue
            some = chance.sample(sorted(held), len(held) // 3)
            if step == "remove":
                gallery.remove(list(gallery.ids_of(some).values()))
                held = {key: seed for key, seed in held.items() if key not in some}
            else:
                fresh = [f"{number}/{chance.randrange(10**9)}" for _ in range(20)]
                new = {key: chance.randrange(10**6) for key in (fresh if step == "add" else some)}
                if new:
                    rows = np.concatenate([vectors(seed, 1) for seed in new.values()])
                    gallery.add(rows, keys=list(new), metas=[{"seed": s} for s in new.values()])
                held.update(new)
            commits += 1
    told.put((held, commits))


def read(folder: Path, number: int, until: float, told: Queue[Any]) -> None:
    """Search for the items that nobody touches; tell how often that was done, and went wrong."""
    from siam.index.gallery import Gallery

    fixed, done, wrong = vectors(0, FIXED), 0, 0
    while time.monotonic() < until:
        with Gallery.open(folder, read_only=True) as gallery:
            for row in random.Random(done).sample(range(FIXED), 20):
                near = gallery.search(fixed[row], 5, exact=bool(row % 2))
                key = gallery.items(near.ids[0, :1])[0].key
                wrong += int(key != f"fixed/{row}" or near.distances[0, 0] > 1e-6)
                done += 1
    told.put((done, wrong))


def start(work: Callable[..., None], count: int, folder: Path, until: float) -> list[Any]:
    """Begin processes; return them with the queue that each tells its end in."""
    context = multiprocessing.get_context("spawn")
    begun = []
    for number in range(count):
        told = context.Queue()
        process = context.Process(target=work, args=(folder, number, until, told))
        process.start()
        begun.append((process, told))
    return begun


def main() -> None:
    """Run them, look at what is left, and print one JSON object."""
    from siam.index.gallery import Gallery
    from siam.index.verify import verify

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=600)
    chosen = parser.parse_args()
    with Gallery.create(chosen.folder, dim=DIM, encoder_hash="") as gallery:
        gallery.add(vectors(0, FIXED), keys=[f"fixed/{row}" for row in range(FIXED)])
    until = time.monotonic() + chosen.seconds
    writing, reading = (start(w, n, chosen.folder, until) for w, n in ((write, 2), (read, 3)))
    written, seen = ([told.get() for _, told in begun] for begun in (writing, reading))
    expected = {key: seed for held, _ in written for key, seed in held.items()}
    with Gallery.open(chosen.folder) as gallery:
        items = gallery.items(gallery.select())
        kept = {one.key: one.meta["seed"] for one in items if not one.key.startswith("fixed/")}
        found = verify(gallery)
    result = {
        "commits": sum(commits for _, commits in written),
        "searches": sum(done for done, _ in seen),
        "wrong": sum(wrong for _, wrong in seen),
        "items": len(items),
        "lost": len(expected.items() ^ kept.items()),
        "clean": found.clean,
        "problems": [problem.what for problem in found.problems],
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
