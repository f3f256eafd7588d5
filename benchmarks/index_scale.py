"""A large gallery from nothing: add, build, open, first query, recall and speed, memory.

Then half of it is removed, and what is left is filtered, tuned and verified.

    python benchmarks/index_scale.py                       1,000,000 vectors, 64-d and 128-d, ivf
    python benchmarks/index_scale.py --count 10000000 --dims 64 --kind ivfpq --folder /big/disk

Each stage runs in a process of its own, so that its memory is its own: peak resident memory
counts mapped pages that were touched, as the operating system does. Adding is counted with its
durable commits, in wall-clock and processor seconds. Opening and the first query are the median
of five processes, and `touched_mb` is what they made resident of the `exact_mb` on disk. Exact and
approximate speed are medians of five rounds in turns.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

CHUNK = 100_000
# How often each is run, in this order.
STAGES = dict.fromkeys(("add", "build", "query", "speed", "remove", "filter", "tune", "verify"), 1)
STAGES["query"] = 5


def vectors_of(chunk: int, dim: int, count: int = CHUNK) -> np.ndarray:
    """Return one chunk of clustered unit vectors; the same chunk is the same always."""
    centres = np.random.default_rng(1).standard_normal((4_000, dim), dtype=np.float32)
    generator = np.random.default_rng(1_000 + chunk)
    made = centres[generator.integers(0, len(centres), count)]
    made = made + 0.5 * generator.standard_normal((count, dim), dtype=np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


def stage_add(folder: Path, count: int, dim: int, kind: str) -> dict[str, Any]:
    """Add all vectors, a durable commit for each chunk; making them is not counted."""
    from siam.index.gallery import Gallery

    gallery = Gallery.create(folder, dim=dim, encoder_hash="", kind=kind)
    took = cpu = 0.0
    for chunk in range(0, count, CHUNK):
        vectors = vectors_of(chunk // CHUNK, dim, min(CHUNK, count - chunk))
        keys = [f"pictures/{i:09}.png" for i in range(chunk, chunk + len(vectors))]
        labels = [str(i % 10) for i in range(len(vectors))]
        started, worked = time.perf_counter(), time.process_time()
        gallery.add(vectors, keys=keys, labels=labels, splits="train")
        took += time.perf_counter() - started
        cpu += time.process_time() - worked
    started, worked = time.perf_counter(), time.process_time()
    gallery.catalogue.close()
    took += time.perf_counter() - started
    cpu += time.process_time() - worked
    return {"seconds": round(took, 2), "cpu_s": round(cpu, 2)}


def stage_build(folder: Path) -> dict[str, Any]:
    """Build the accelerator."""
    from siam.index.gallery import Gallery

    with Gallery.open(folder) as gallery:
        started, worked = time.perf_counter(), time.process_time()
        gallery.build()
        took, cpu = time.perf_counter() - started, time.process_time() - worked
        info = gallery.snapshot().store.info
        structure = (info.structure, info.settings)
    disk = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    found = {"seconds": round(took, 2), "cpu_s": round(cpu, 2), "structure": structure}
    return {**found, "disk_mb": round(disk / 2**20)}


def stage_query(folder: Path, dim: int) -> dict[str, Any]:
    """Open and ask once, as `siam query` does; importing FAISS is not counted."""
    import faiss

    from siam.index.gallery import Gallery

    query = vectors_of(999_999, dim, 1)
    before = resident()
    started = time.perf_counter()
    with Gallery.open(folder, read_only=True) as gallery:
        gallery.items(gallery.search(query, 10).ids[0])
        took = time.perf_counter() - started
        touched = resident() - before
    exact = sum(path.stat().st_size for path in folder.glob("*/vectors.npy"))
    sizes = {"touched_mb": round(touched / 2**20, 1), "exact_mb": round(exact / 2**20)}
    return {"seconds": round(took, 4), **sizes, "faiss": faiss.__version__}


def resident() -> int:
    """Return the bytes of this process that are in memory, mapped files included."""
    return (
        int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
        * resource.getpagesize()
    )


def stage_speed(folder: Path, dim: int) -> dict[str, Any]:
    """Measure recall@10 and queries a second, exact beside approximate."""
    from siam.index.gallery import Gallery
    from siam.index.matches import recall

    queries = vectors_of(999_998, dim, 2_000)
    with Gallery.open(folder, read_only=True) as gallery:
        truth = gallery.search(queries, 10, exact=True)
        found = gallery.search(queries, 10)
        took: dict[bool, list[float]] = {True: [], False: []}
        for _ in range(5):
            for exactly, seconds in took.items():
                started = time.perf_counter()
                gallery.search(queries, 10, exact=exactly)
                seconds.append(time.perf_counter() - started)
        exact, fast = (len(queries) / float(np.median(took[which])) for which in (True, False))
        singles = []
        for query in queries[:200]:
            started = time.perf_counter()
            gallery.search(query, 10)
            singles.append(time.perf_counter() - started)
    return {
        "recall@10": round(recall(found, truth), 4),
        "exact_qps": round(exact, 1),
        "qps": round(fast, 1),
        "times_exact": round(float(np.median(np.divide(took[True], took[False]))), 1),
        "single_ms": round(float(np.median(singles)) * 1e3, 3),
    }


def stage_remove(folder: Path) -> dict[str, Any]:
    """Remove every second item in one commit, and bring the accelerator up to date."""
    from siam.index.gallery import Gallery

    gallery = Gallery.open(folder)
    ids = gallery.select()[::2]
    started = time.perf_counter()
    gallery.remove(ids)
    took = time.perf_counter() - started
    gallery.close()
    return {"seconds": round(took, 2), "closed_s": round(time.perf_counter() - started - took, 2)}


def stage_filter(folder: Path, dim: int) -> dict[str, Any]:
    """Search among the tenth that a filter lets through: the first time, and the median of ten."""
    from siam.index.gallery import Gallery

    times = []
    with Gallery.open(folder, read_only=True) as gallery:
        for query in vectors_of(999_997, dim, 11):
            started = time.perf_counter()
            gallery.search(query, 10, where="label=3")
            times.append(time.perf_counter() - started)
    return {"seconds": round(times[0], 3), "then_s": round(float(np.median(times[1:])), 3)}


def stage_tune(folder: Path, kind: str) -> dict[str, Any]:
    """Measure the kind on these vectors, beside the exact search."""
    from siam.index.gallery import Gallery
    from siam.index.stores.budget import Budget
    from siam.index.stores.tune import tune

    with Gallery.open(folder) as gallery:
        started = time.perf_counter()
        trials = tune(gallery, Budget(), kinds=[kind])
        took = time.perf_counter() - started
    figures = [(one.kind, round(one.recall, 4), round(one.latency * 1e3, 2)) for one in trials]
    return {"seconds": round(took, 2), "kind_recall_ms": figures}


def stage_verify(folder: Path) -> dict[str, Any]:
    """Compare everything with everything it should equal."""
    from siam.index.gallery import Gallery
    from siam.index.verify import verify

    with Gallery.open(folder, read_only=True) as gallery:
        started = time.perf_counter()
        found = verify(gallery)
        took = time.perf_counter() - started
    found_recall = round(found.recall, 4)
    return {"seconds": round(took, 2), "clean": found.clean, "recall@10": found_recall}


def main() -> None:
    """Run every stage in a process of its own, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--dims", type=int, nargs="*", default=[64, 128])
    parser.add_argument("--kind", default="ivf")
    parser.add_argument("--folder", type=Path, help="Where to put the index; kept afterwards.")
    parser.add_argument("--stage", choices=STAGES)
    options = parser.parse_args()
    if options.stage:
        dim = options.dims[0]
        stages: dict[str, Any] = {
            "add": lambda: stage_add(options.folder, options.count, dim, options.kind),
            "build": lambda: stage_build(options.folder),
            "query": lambda: stage_query(options.folder, dim),
            "speed": lambda: stage_speed(options.folder, dim),
            "remove": lambda: stage_remove(options.folder),
            "filter": lambda: stage_filter(options.folder, dim),
            "tune": lambda: stage_tune(options.folder, options.kind),
            "verify": lambda: stage_verify(options.folder),
        }
        result = stages[options.stage]()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(json.dumps({**result, "peak_mb": round(peak / 1024)}))
        return
    reports = []
    for dim in options.dims:
        with tempfile.TemporaryDirectory() as place:
            folder = (options.folder or Path(place)) / f"index-{dim}"
            report: dict[str, Any] = {"count": options.count, "dim": dim, "kind": options.kind}
            for stage, times in STAGES.items():
                found = [run_stage(stage, folder, dim, options) for _ in range(times)]
                report[stage] = sorted(found, key=lambda each: each.get("seconds", 0))[times // 2]
                print(f"{dim}-d {stage}: {report[stage]}", file=sys.stderr)
        reports.append(report)
    print(json.dumps({"schema": 1, "results": reports}, indent=2))


def run_stage(stage: str, folder: Path, dim: int, options: argparse.Namespace) -> dict[str, Any]:
    """Run one stage in a process of its own, and return what it printed."""
    command = [sys.executable, __file__, "--stage", stage, "--folder", str(folder)]
    command += ["--dims", str(dim), "--count", str(options.count), "--kind", options.kind]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    result: dict[str, Any] = json.loads(output)
    return result


if __name__ == "__main__":
    main()
