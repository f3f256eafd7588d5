"""A gallery on a Milvus server beside bare pymilvus: pictures pushed a second, queries a second.

    python benchmarks/milvus_store.py [--count 1000000] [--dim 64] [--json]

Starts milvus-lite on loopback (the development tools bring it), and ends it. Both sides send the
same rows in batches of the same size to collections with the same fields, and ask them the same 256
queries, in turns. Vectors lie in clumps, as trained embeddings do. "Then" is what the server takes
to put a collection in order, and siam to let its name point to it.
"""

from __future__ import annotations

import argparse
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import numpy as np

from siam.index.stores.milvus_address import parse_address
from siam.index.stores.milvus_changes import batch_rows
from siam.index.stores.milvus_connection import MilvusConnection
from siam.index.stores.milvus_rows import Facts, as_row, create_collection
from siam.index.stores.milvus_store import MilvusStore
from siam.index.stores.vector_store import Stamp

QUERIES = 256
K = 10
TIES = 4  # that the store asks for beyond k, and so does the bare client


def start_server(folder: str) -> tuple[subprocess.Popen[bytes], int]:
    """Start milvus-lite on a free port of loopback."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "milvus_lite", "server", "--data-dir", folder]
    server = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while server.poll() is None:
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                return server, port
        time.sleep(0.1)
    raise SystemExit("milvus-lite did not start.")


def seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Return how long `work` takes, and how much of the processor's time in this process."""
    started, busy = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - started, time.process_time() - busy


def middle(times: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the medians of seconds, and of seconds of the processor."""
    return statistics.median(wall for wall, _ in times), statistics.median(cpu for _, cpu in times)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    count, dim = arguments.count, arguments.dim

    generator = np.random.default_rng(0)
    centres = generator.standard_normal((100, dim))
    vectors = centres[np.arange(count) % 100] + 0.4 * generator.standard_normal((count, dim))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    ids = np.arange(1, count + 1)
    size = batch_rows(dim)

    def rows(ids: np.ndarray, vectors: np.ndarray) -> list[dict[str, object]]:
        return [
            as_row(number, vector, {"key": f"k{number}", "label": str(number % 100)})
            for number, vector in zip(ids.tolist(), vectors, strict=True)
        ]

    with tempfile.TemporaryDirectory() as folder:
        server, port = start_server(folder)
        try:
            connection = MilvusConnection(parse_address(f"milvus://127.0.0.1:{port}/siam"))
            client = connection._client
            create_collection(connection, "bare", dim=dim, facts=Facts(1, ""))
            store = MilvusStore(connection, dim=dim, describe=rows)

            sent: dict[str, list[tuple[float, float]]] = {"siam": [], "bare pymilvus": []}
            change = store.writing(Stamp(1, 2, count))
            change.__enter__()
            for start in range(0, count, size):
                part = slice(start, start + size)
                turns: list[tuple[str, Callable[[], object]]] = [
                    ("siam", lambda p=part: store.add(ids[p], vectors[p])),
                    (
                        "bare pymilvus",
                        lambda p=part: client.insert("bare", rows(ids[p], vectors[p])),
                    ),
                ]
                for name, send in turns if start // size % 2 else turns[::-1]:
                    sent[name].append(seconds(send))

            def finish_bare() -> None:
                client.flush("bare")
                client.load_collection("bare")

            ended = {
                "siam": seconds(lambda: change.__exit__(None, None, None))[0],
                "bare pymilvus": seconds(finish_bare)[0],
            }
            queries = vectors[generator.choice(count, QUERIES, replace=False)]

            def ask_bare() -> None:
                client.search(
                    "bare",
                    data=list(queries),
                    limit=K + TIES,
                    output_fields=["id"],
                    consistency_level="Strong",
                )

            asked: dict[str, list[tuple[float, float]]] = {name: [] for name in sent}
            whole = []
            for turn in range(2 * arguments.repeats):
                ways = [("siam", lambda: store.propose(queries, K)), ("bare pymilvus", ask_bare)]
                for name, ask in ways if turn % 2 else ways[::-1]:
                    asked[name].append(seconds(ask))
                whole.append(seconds(lambda: store.propose(queries, K, held={})))
            held = store.count()
        finally:
            server.terminate()
            server.wait()
    figures = {}
    for name in sent:
        batch, batch_cpu = middle(sent[name][: count // size or None])  # full ones
        search, search_cpu = middle(asked[name][2:])
        figures[name] = {
            "sent_per_second": round(min(size, count) / batch),
            "client_us_a_row": round(1e6 * batch_cpu / min(size, count), 1),
            "finish_s": round(ended[name], 1),
            "queries_256_ms": round(1e3 * search, 1),
            "client_ms": round(1e3 * search_cpu, 1),
        }
    ranked = round(1e3 * middle(whole)[0], 1)
    if arguments.json:
        told = {"count": count, "dim": dim, "held": held, "figures": figures}
        print(json.dumps({**told, "queries_256_with_vectors_ms": ranked}))
        return
    print(f"{count:,} vectors of {dim} numbers, batches of {size:,}; the store counts {held:,}")
    print("medians; CPU is that of the client, the server's is the same work for both")
    columns = ("sent a second", "CPU us a row", "then, s", "256 queries, ms", "CPU ms")
    print(f"{'':14}" + "".join(f"{column:>17}" for column in columns))
    for name, told in figures.items():
        print(f"{name:14}" + "".join(f"{value:>17,}" for value in told.values()))
    mine, bare = figures["siam"], figures["bare pymilvus"]
    share = mine["sent_per_second"] / bare["sent_per_second"]
    over = mine["queries_256_ms"] / bare["queries_256_ms"] - 1
    print(f"siam sends at {share:.0%} of the bare client's speed; a search takes {over:+.0%}.")
    print(f"With the vectors of all candidates, to rank by exact distance, it takes {ranked} ms.")


if __name__ == "__main__":
    main()
