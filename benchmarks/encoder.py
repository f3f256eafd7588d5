"""Pictures a second: the bare LiteRT runtime, siam's encoder, `siam embed`, and Keras.

    python benchmarks/encoder.py [--run NAME-OR-PATH] [--pictures 60000] [--repeats 5] [--json]

Everything runs in one process on the same pictures, in turns, after one turn to warm up; medians.
The bare runtime is one interpreter per core, each going through its share of an array in batches:
nothing is read, gathered or written. `siam embed` reads an .npz file and writes another.
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from siam.engine.embed import embed
from siam.parallel import cores
from siam.run_files import ENCODER_FILE, NETWORK_FILE
from siam.runs.held_out import load_held_out
from siam.runs.runs_folder import find_run
from siam.siamese.encoder import KerasEncoder, LiteEncoder
from siam.training.litert import BATCH
from siam.training.native_logs import quiet_native_logs


def main() -> None:
    """Time the ways in turns and print their rates."""
    parser = argparse.ArgumentParser(description="Pictures a second through the encoder.")
    parser.add_argument("--run", help="a run's name or path; the newest when left out")
    parser.add_argument("--pictures", type=int, default=60_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, no table")
    chosen = parser.parse_args()
    run = find_run(chosen.run)
    _, test = load_held_out(run)
    pictures = np.resize(test.pictures, (chosen.pictures, *test.pictures.shape[1:]))
    encoder = LiteEncoder(run / ENCODER_FILE)
    keras = KerasEncoder(run / NETWORK_FILE)
    bare = bare_runtime(run / ENCODER_FILE)
    with tempfile.TemporaryDirectory() as scratch:
        arrays, out = Path(scratch) / "x.npz", Path(scratch) / "e.npz"
        np.savez(arrays, x=pictures)
        ways: dict[str, Callable[[], object]] = {
            "LiteRT alone": lambda: bare(pictures),
            "Encoder.encode": lambda: encoder.encode(pictures),
            "siam embed x.npz": lambda: embed(
                [str(arrays)], out, run=str(run), standard_input=io.BytesIO()
            ),
            "Keras predict": lambda: keras.encode(pictures),
        }
        taken = measure(ways, chosen.repeats)
    rows = [
        {"way": name, "per_second": len(pictures) / seconds, "cpu_seconds": cpu / len(pictures)}
        for name, (seconds, cpu) in taken.items()
    ]
    if chosen.json:
        print(json.dumps({"schema": 1, "pictures": len(pictures), "rows": rows}, indent=2))
        return
    print(f"{'way':18} {'pictures/s':>11} {'of LiteRT':>10} {'cpu us each':>12}")
    for name, (seconds, cpu) in taken.items():
        share = taken["LiteRT alone"][0] / seconds
        rate = len(pictures) / seconds
        print(f"{name:18} {rate:11,.0f} {share:10.1%} {cpu / len(pictures) * 1e6:12.0f}")


def bare_runtime(path: Path) -> Callable[[np.ndarray], object]:
    """Return LiteRT as it comes: an interpreter per core, its share of the pictures each."""
    from ai_edge_litert.interpreter import Interpreter

    content = path.read_bytes()
    count = cores()
    with quiet_native_logs():
        interpreters = [Interpreter(model_content=content, num_threads=1) for _ in range(count)]
        for interpreter in interpreters:
            entry = interpreter.get_input_details()[0]
            interpreter.resize_tensor_input(entry["index"], [BATCH, *entry["shape"][1:]])
            interpreter.allocate_tensors()
    pool = ThreadPoolExecutor(count)

    def share(lane: int, pictures: np.ndarray) -> None:
        interpreter = interpreters[lane]
        entry = interpreter.get_input_details()[0]["index"]
        result = interpreter.get_output_details()[0]["index"]
        whole = len(pictures) - len(pictures) % BATCH
        for start in range(lane * BATCH, whole, count * BATCH):
            interpreter.set_tensor(entry, pictures[start : start + BATCH].astype(np.float32))
            interpreter.invoke()
            interpreter.get_tensor(result)

    return lambda pictures: list(pool.map(lambda lane: share(lane, pictures), range(count)))


def measure(ways: dict[str, Callable[[], object]], repeats: int) -> dict[str, tuple[float, float]]:
    """Return each way's median (seconds, seconds of all cores)."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for turn in range(repeats + 1):
        for name, way in ways.items():
            started, cpu = time.perf_counter(), time.process_time()
            way()
            if turn:
                spent = (time.perf_counter() - started, time.process_time() - cpu)
                taken[name].append(spent)
    return {
        name: (statistics.median(s for s, _ in spent), statistics.median(c for _, c in spent))
        for name, spent in taken.items()
    }


if __name__ == "__main__":
    main()
