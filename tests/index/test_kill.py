"""kill -9 at random instants: the index opens, holds exactly what was committed, verifies clean.

A writer adds, changes, removes, builds and compacts in a loop, and writes each step to a journal
before and after it. The test kills it, opens the index, and compares it with the journal: the
step that was under way may have happened or not, but whole; every step before it must have.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from siam.index.gallery import Gallery
from siam.index.verify import verify

WRITER = """
import json, os, random, sys
import faiss
import numpy as np
from siam.index.gallery import Gallery

faiss.omp_set_num_threads(1)
folder, journal, seed = sys.argv[1], open(sys.argv[2], "a"), int(sys.argv[3])
chance = random.Random(seed)

def note(*words):
    journal.write(json.dumps(words) + "\\n")
    journal.flush()

def vectors(numbers):
    made = np.stack([np.random.default_rng(n).standard_normal(16) for n in numbers])
    return made / np.linalg.norm(made, axis=1, keepdims=True)

gallery = Gallery.open(folder)
held = {item.key: item.meta["seed"] for item in gallery.items(gallery.select())}
note("ready")
while True:
    step = chance.choice(["add", "add", "change", "remove", "build", "afresh", "reopen"])
    if step == "add":
        new = {f"k{chance.randrange(10**9)}": chance.randrange(10**6) for _ in range(40)}
    elif step == "change":
        new = {key: chance.randrange(10**6) for key in chance.sample(sorted(held), len(held) // 4)}
    elif step == "remove":
        new = dict.fromkeys(chance.sample(sorted(held), len(held) // 3))
    else:
        new = {}
    note("begin", new)
    if step == "remove":
        gallery.remove(list(gallery.ids_of(list(new)).values()))
    elif step == "reopen":
        gallery.close()
        gallery = Gallery.open(folder)
    elif step in ("build", "afresh"):
        gallery.build(afresh=step == "afresh")
    elif new:
        metas = [{"seed": seed} for seed in new.values()]
        gallery.add(vectors(list(new.values())), keys=list(new), metas=metas)
    note("end")
    held.update(new)
    held = {key: seed for key, seed in held.items() if seed is not None}
"""


def expected_states(journal: Path) -> list[dict[str, int]]:
    """Return the contents that the journal allows: without and with the step under way."""
    held: dict[str, int] = {}
    under_way: dict[str, int | None] = {}
    for line in journal.read_text(encoding="utf-8").splitlines():
        word, *rest = json.loads(line)
        if word == "begin":
            under_way = rest[0]
        elif word == "end":
            held = merged(held, under_way)
            under_way = {}
    return [held, merged(held, under_way)]


def merged(held: dict[str, int], new: dict[str, int | None]) -> dict[str, int]:
    both: dict[str, int | None] = {**held, **new}
    return {key: seed for key, seed in both.items() if seed is not None}


def vector(seed: int) -> np.ndarray:
    made = np.random.default_rng(seed).standard_normal(16)
    return made / np.linalg.norm(made)


@pytest.mark.parametrize(
    ("kind", "kills"), [("flat", 5), pytest.param("HNSW8,Flat", 20, marks=pytest.mark.slow)]
)
def test_killed_again_and_again(tmp_path: Path, kind: str, kills: int) -> None:
    """tests/durability kills the commands, at every operation on a file."""
    folder, journal = tmp_path / "index", tmp_path / "journal"
    Gallery.create(folder, dim=16, encoder_hash="", kind=kind).close()
    chance = random.Random(kind)
    for number in range(kills):
        command = [sys.executable, "-c", WRITER, str(folder), str(journal), str(number)]
        before = journal.read_text().count("ready") if journal.exists() else 0
        writer = subprocess.Popen(command, stderr=subprocess.PIPE)
        while not journal.exists() or journal.read_text().count("ready") == before:
            assert writer.poll() is None, writer.stderr and writer.stderr.read().decode()
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.15))
        writer.kill()
        writer.communicate()
        assert writer.returncode == -9
        with Gallery.open(folder, read_only=number % 2 == 0) as gallery:
            items = gallery.items(gallery.select())
            held = {item.key: item.meta["seed"] for item in items}
            states = expected_states(journal)
            assert held in states
            found = verify(gallery)
            assert found.clean, found.problems
            for item in items[:20]:
                near = gallery.search(vector(held[item.key]), 1, exact=True)
                assert near.distances[0, 0] < 1e-6
        # The journal goes on from what is there.
        journal.write_text("\n".join([json.dumps(["begin", held]), json.dumps(["end"]), ""]))
