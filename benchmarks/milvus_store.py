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
from siam.index.stores.milvus_rows import as_row, create_collection
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


def seconds(work: Callable[[], object]) -> float:
    """Return how long `work` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


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
            create_collection(connection, "bare", dim=dim, encoder="", toward=Stamp(1, 1, 1))
            store = MilvusStore(connection, dim=dim, describe=rows)

            sent = {"siam": 0.0, "bare pymilvus": 0.0}
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
                    sent[name] += seconds(send)

            def finish_bare() -> None:
                client.flush("bare")
                client.load_collection("bare")

            ended = {
                "siam": seconds(lambda: change.__exit__(None, None, None)),
                "bare pymilvus": seconds(finish_bare),
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

            asked: dict[str, list[float]] = {"siam": [], "bare pymilvus": []}
            for _ in range(arguments.repeats + 1):
                asked["siam"].append(seconds(lambda: store.propose(queries, K)))
                asked["bare pymilvus"].append(seconds(ask_bare))
            found = store.propose(queries, K)
            ranked = seconds(lambda: store.vectors_of(found))
            held = store.count()
        finally:
            server.terminate()
            server.wait()
    figures = {
        name: {
            "sent_per_second": round(count / sent[name]),
            "finish_s": round(ended[name], 1),
            "queries_256_ms": round(1e3 * statistics.median(asked[name][1:]), 1),
        }
        for name in sent
    }
    if arguments.json:
        told = {"count": count, "dim": dim, "held": held, "figures": figures}
        print(json.dumps({**told, "vectors_to_rank_ms": round(1e3 * ranked, 1)}))
        return
    print(f"{count:,} vectors of {dim} numbers, batches of {size:,}; the store counts {held:,}")
    print(f"{'':14} {'sent a second':>16} {'then, s':>10} {'256 queries, ms':>16}")
    for name, told in figures.items():
        print(
            f"{name:14} {told['sent_per_second']:16,} {told['finish_s']:10} "
            f"{told['queries_256_ms']:16.1f}"
        )
    mine, bare = figures["siam"], figures["bare pymilvus"]
    share = mine["sent_per_second"] / bare["sent_per_second"]
    over = mine["queries_256_ms"] / bare["queries_256_ms"] - 1
    print(f"siam sends at {share:.0%} of the bare client's speed; a search takes {over:+.0%}.")
    print(
        f"To rank by exact distance, the vectors of all candidates come in {1e3 * ranked:.0f} ms."
    )


if __name__ == "__main__":
    main()
