"""A server beside the same work in process: its start, one query, 32 clients, and a long soak.

    python benchmarks/serve.py [--run NAME-OR-PATH] [--queries 1000] [--clients 32] [--json]
    python benchmarks/serve.py --soak 10 [--run NAME-OR-PATH]

The server is `siam serve` in a process of its own, asked over loopback from this one. One query in
process is reading, preparing, embedding, searching and deciding, by an opened run; blocks of it and
of the same queries over HTTP take turns. The encoder's own rate is that of its largest batches on
all cores. A soak works on a copy of the run; it needs Linux, whose /proc tells of memory.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from http_load import Client, Serving, form, request, serve
from serve_soak import soak

import siam
from siam.engine.open_run import OpenRun, open_run
from siam.engine.query import QueryOptions, answer_batch
from siam.engine.reading import read_one
from siam.parallel import cores
from siam.pictures.thumbnail import encode_thumbnail
from siam.runs.held_out import load_held_out
from siam.runs.runs_folder import find_run

BLOCK = 100
FORM = 32  # pictures of a form
WARM_UP = 1.0  # seconds of load before it counts
STARTS = 5


def main() -> None:
    """Measure the server and print its figures beside the goals that they are held to."""
    parser = argparse.ArgumentParser(description="A server beside the same work in process.")
    parser.add_argument("--run", help="a run's name or path; the newest when left out")
    parser.add_argument("--queries", type=int, default=1000, help="by one client, and in process")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=10.0, help="of load by all clients")
    parser.add_argument("--soak", type=float, metavar="MINUTES", help="mixed load, nothing else")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, no table")
    chosen = parser.parse_args()
    run = find_run(chosen.run)
    _, test = load_held_out(run)
    pictures = [encode_thumbnail(picture) for picture in test.pictures[:1000]]
    if chosen.soak:
        with tempfile.TemporaryDirectory() as scratch:
            figures = soak(run, Path(scratch), pictures, seconds=60 * chosen.soak)
    else:
        figures = measure_starts(run)
        # As fast as they can is faster than a server lets one address ask.
        with serve(run, "--rate", "0") as server, open_run(str(run)) as opened:
            figures |= measure_queries(opened, server, pictures, chosen.queries)
            figures |= measure_load(opened, server, pictures, chosen.clients, chosen.seconds)
    if chosen.json:
        print(json.dumps({"schema": 1, "cores": cores(), **figures}, indent=2))
        return
    for name, value in figures.items():
        print(
            f"{name:36} {value:>12,.4g}" if isinstance(value, float) else f"{name:36} {value!s:>12}"
        )


def measure_starts(run: Path) -> dict[str, float]:
    """Return the median seconds from a server's start to its first answer, and of the processor.

    Raises:
        SystemExit: TensorFlow is in its process.
    """
    taken = []
    for _ in range(STARTS):
        with serve(run) as server:
            taken.append((server.seconds, server.cpu_seconds))
            if "/tensorflow/" in server.libraries():
                raise SystemExit("The server has imported TensorFlow.")
    seconds, cpu = map(statistics.median, zip(*taken, strict=True))
    return {"start_s": seconds, "start_cpu_s": cpu}


def measure_queries(
    opened: OpenRun, server: Serving, pictures: list[bytes], count: int
) -> dict[str, float]:
    """Return milliseconds of one query in process, over HTTP, and by `siam.connect`."""
    remote = siam.connect(f"http://127.0.0.1:{server.port}")
    client = Client(server.port)
    loop = asyncio.new_event_loop()
    taken: dict[str, list[float]] = {"in_process": [], "http": [], "connect": []}

    def ask_here(content: bytes) -> object:
        seen = read_one(("picture", content), opened.config.preparation)
        return [answer.to_dict() for answer in answer_batch(opened, [seen], QueryOptions())]

    def ask_there(content: bytes) -> object:
        status, _ = loop.run_until_complete(client.ask(request("POST", "/query", content)))
        assert status == 200, status
        return status

    ways = {"in_process": ask_here, "http": ask_there, "connect": remote.query}
    for way in ways.values():
        for content in pictures[:BLOCK]:  # to warm up
            way(content)
    for start in range(0, count, BLOCK):
        for name, way in ways.items():
            for place in range(start, start + BLOCK):
                began = time.perf_counter()
                way(pictures[place % len(pictures)])
                taken[name].append(1000 * (time.perf_counter() - began))
    client.close()
    remote.close()
    figures = {
        f"{name}_p{share}_ms": float(np.percentile(times, share))
        for name, times in taken.items()
        for share in (50, 99)
    }
    for name in ("http", "connect"):
        for share in (50, 99):
            own = figures[f"in_process_p{share}_ms"]
            figures[f"{name}_p{share}_ratio"] = figures[f"{name}_p{share}_ms"] / own
    return figures


def measure_load(
    opened: OpenRun, server: Serving, pictures: list[bytes], clients: int, seconds: float
) -> dict[str, float]:
    """Return the rate and times of many clients, beside the encoder's own rate."""
    own = measure_encoder(opened, pictures)
    queries = [request("POST", "/query", content) for content in pictures]
    before, here = server.cpu(), time.process_time()
    times = asyncio.run(load(server.port, queries, clients, seconds))
    spent, here = server.cpu() - before, time.process_time() - here
    rate = len(times) / seconds
    asked = rate * (seconds + WARM_UP)
    groups = [pictures[start : start + FORM] for start in range(0, len(pictures) - FORM + 1, FORM)]
    forms = [request("POST", "/query", *form([("pictures", p) for p in one])) for one in groups]
    many = FORM * len(asyncio.run(load(server.port, forms, cores(), seconds))) / seconds
    return {
        **own,
        "clients": clients,
        "load_per_second": rate,
        "load_share_of_encoder": rate / own["encoder_per_second"],
        "load_server_cpu_ms": 1000 * spent / asked,
        "load_client_cpu_ms": 1000 * here / asked,
        "load_p50_ms": float(np.percentile(times, 50)),
        "load_p99_ms": float(np.percentile(times, 99)),
        "forms_pictures_per_second": many,
        "forms_share_of_encoder": many / own["encoder_per_second"],
    }


def measure_encoder(opened: OpenRun, pictures: list[bytes]) -> dict[str, float]:
    """Return how fast the encoder embeds prepared pictures in large batches, the best of three."""
    seen = [read_one(("a", content), opened.config.preparation) for content in pictures]
    pixels = np.stack([one.prepared.pixels for one in seen])  # type: ignore[union-attr]
    many = np.resize(pixels, (4096, *pixels.shape[1:]))
    opened.encoder.encode(many)
    taken = []
    for _ in range(3):
        began, spent = time.perf_counter(), time.process_time()
        opened.encoder.encode(many)
        taken.append((time.perf_counter() - began, time.process_time() - spent))
    seconds, cpu = map(min, zip(*taken, strict=True))
    return {"encoder_per_second": len(many) / seconds, "encoder_cpu_ms": 1000 * cpu / len(many)}


async def load(port: int, requests: list[bytes], clients: int, seconds: float) -> list[float]:
    """Return the milliseconds of each answer that clients got who ask one thing after another."""
    times: list[float] = []
    begin = time.perf_counter() + WARM_UP
    end = begin + seconds

    async def ask(first: int) -> None:
        client = Client(port)
        place = first
        while (began := time.perf_counter()) < end:
            status, _ = await client.ask(requests[place % len(requests)])
            assert status == 200, status
            now = time.perf_counter()
            if begin <= began and now <= end:
                times.append(1000 * (now - began))
            place += clients
        client.close()

    await asyncio.gather(*(ask(first) for first in range(clients)))
    return times


if __name__ == "__main__":
    main()
