"""Minutes of mixed load on a server that may write: what fails, what grows, what is lost.

Clients ask one thing after another: mostly queries, then pairs, lists and thumbnails, items that
are added, labelled and removed, and requests that are wrong in every way that the API knows. Each
answer must have the status that its request deserves. Afterwards every item that was added is there
with its last label, those that were removed are gone, and the index is whole.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import statistics
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from http_load import Client, Serving, form, request, serve

import siam
from siam.pictures.thumbnail import decode_thumbnail, encode_thumbnail

CLIENTS = 16
# Memory is compared with that after a minute, or after a quarter of a shorter soak.
SETTLED = 60.0
NOTHING = 1 << 50  # an id that no item has
# What clients do, in per cent.
SHARES = {
    "query": 70.0,
    "verify": 10.0,
    "look": 8.0,
    "ask_wrongly": 8.0,
    "add": 2.0,
    "label": 1.5,
    "remove": 0.5,
}
# Requests that are wrong, and the status that each deserves.
WRONG = (
    (request("POST", "/query", b"no picture"), 422),
    (request("POST", "/query"), 400),
    (request("POST", "/query?k=0", b"x"), 400),
    (request("POST", "/query?run=nobody", b"x"), 404),
    (request("POST", "/query", b"{}", "text/html"), 415),
    (request("POST", "/verify", b"x", "multipart/form-data; boundary=b"), 400),
    (request("GET", f"/items/{NOTHING}"), 404),
    (request("GET", f"/items/{NOTHING}/thumbnail"), 404),
    (request("GET", "/items?where=nonsense"), 400),
    (request("GET", "/items?limit=1001"), 400),
    (request("GET", "/nowhere"), 404),
    (request("DELETE", "/query"), 405),
    (request("DELETE", f"/items/{NOTHING}"), 404),
)


class Soak:
    """What clients do, and what came of it.

    Args:
        port: of the server.
        pictures: PNGs that are asked about.
        end: when to stop, by `time.monotonic`.
    """

    def __init__(self, port: int, pictures: list[bytes], end: float) -> None:
        self.port, self.pictures, self.end = port, pictures, end
        self.chance = random.Random(0)
        self.done = Counter(dict.fromkeys(SHARES, 0))
        self.failures: list[str] = []
        self.labels: dict[int, str] = {}
        self.removed: set[int] = set()
        self.busy: set[int] = set()
        self.made = 0

    async def work(self) -> None:
        """Be one client until the end."""
        client = Client(self.port)
        while time.monotonic() < self.end:
            (verb,) = self.chance.choices(list(SHARES), list(SHARES.values()))
            self.done[verb] += 1
            await getattr(self, verb)(client)
        client.close()

    async def expect(self, client: Client, what: str, content: bytes, status: int) -> Any:
        """Ask, and write down an answer of another status."""
        try:
            got, told = await client.ask_json(content)
        except (OSError, EOFError) as error:
            client.close()
            self.failures.append(f"{what}: {type(error).__name__}")
            return None
        if got != status:
            self.failures.append(f"{what}: {got} in place of {status}: {str(told)[:200]}")
            return None
        return told

    async def query(self, client: Client) -> None:
        """Ask what one picture is, or some at once."""
        count = self.chance.choice((1, 1, 1, 1, 5))
        asked = self.chance.sample(self.pictures, count)
        if count == 1:
            content = request("POST", "/query", asked[0])
        else:
            content = request("POST", "/query?k=3", *form([("pictures", one) for one in asked]))
        told = await self.expect(client, "query", content, 200)
        if told is not None and len(told["results"]) != count:
            self.failures.append(f"query: {len(told['results'])} results for {count} pictures")

    async def verify(self, client: Client) -> None:
        """Ask whether two pictures are of one class."""
        left, right = self.chance.sample(self.pictures, 2)
        body, kind = form([("left", left), ("right", right)])
        await self.expect(client, "verify", request("POST", "/verify", body, kind), 200)

    async def look(self, client: Client) -> None:
        """Look at items, thumbnails, health and metrics."""
        number = self.chance.randrange(1, 300)  # every run has those
        path = self.chance.choice(
            (
                "/items?limit=20",
                f"/items/{number}",
                f"/items/{number}/thumbnail",
                "/health",
                "/metrics",
            )
        )
        await self.expect(client, path, request("GET", path), 200)

    async def ask_wrongly(self, client: Client) -> None:
        """Ask what deserves an error of the client's."""
        content, status = self.chance.choice(WRONG)
        what = content.split(b"\r\n", 1)[0].decode()
        await self.expect(client, what, content, status)

    async def add(self, client: Client) -> None:
        """Add a picture that nobody added yet."""
        self.made += 1
        pixels = decode_thumbnail(self.chance.choice(self.pictures)).copy()
        mark = np.frombuffer(self.made.to_bytes(4), np.uint8)
        pixels[0, :4, 0] = mark
        label = f"soak-{self.made % 7}"
        body, kind = form([("pictures", encode_thumbnail(pixels))], {"label": label})
        told = await self.expect(client, "add", request("POST", "/items", body, kind), 200)
        if told is not None:
            (number,) = told["ids"]
            if number in self.labels:
                self.failures.append(f"add: id {number} was given twice")
            self.labels[number] = label

    async def label(self, client: Client) -> None:
        """Give an item that was added another label."""
        if number := self.take():
            label = f"again-{self.chance.randrange(5)}"
            body = f'{{"label": "{label}"}}'.encode()
            content = request("PATCH", f"/items/{number}", body, "application/json")
            if await self.expect(client, "label", content, 200) is not None:
                self.labels[number] = label
            self.busy.discard(number)

    async def remove(self, client: Client) -> None:
        """Remove an item that was added."""
        if number := self.take():
            content = request("DELETE", f"/items/{number}")
            if await self.expect(client, "remove", content, 200) is not None:
                del self.labels[number]
                self.removed.add(number)
            self.busy.discard(number)

    def take(self) -> int:
        """Return an item that no other client is at; 0 where there is none."""
        free = [number for number in self.labels if number not in self.busy]
        number = self.chance.choice(free) if free else 0
        self.busy.add(number)
        return number

    async def check(self) -> None:
        """See that what was added is there with its last label, and what was removed is gone."""
        client = Client(self.port)
        for number, label in self.labels.items():
            told = await self.expect(client, "added", request("GET", f"/items/{number}"), 200)
            if told is not None and told["label"] != label:
                self.failures.append(f"item {number} has {told['label']} in place of {label}")
        for number in self.removed:
            await self.expect(client, "removed", request("GET", f"/items/{number}"), 404)
        client.close()


def soak(run: Path, scratch: Path, pictures: list[bytes], *, seconds: float) -> dict[str, Any]:
    """Load a server of a copy of a run, and return what came of it.

    Args:
        run: of which a copy is made.
        scratch: where.
        pictures: PNGs that are asked about.
        seconds: of load.

    Raises:
        SystemExit: something failed that is not the client's fault, or was lost.
    """
    copy = scratch / run.name
    shutil.copytree(run, copy)
    with serve(copy, "--writable") as server:
        asked, memory = asyncio.run(load(server, pictures, seconds))
        asyncio.run(asked.check())
        code = server.stop()
    if code:
        asked.failures.append(f"the server ended with {code}")
    verification = siam.open(copy).index.verify()
    if not verification.clean:
        asked.failures.append(f"the index: {verification.problems}")
    settled = [used for at, used in memory if at >= min(SETTLED, seconds / 4)]
    tenth = max(1, len(settled) // 10)
    first, last = statistics.median(settled[:tenth]), statistics.median(settled[-tenth:])
    if asked.failures:
        several = Counter(asked.failures).most_common(20)
        raise SystemExit("\n".join(f"{count} x {what}" for what, count in several))
    return {
        "seconds": seconds,
        "requests": sum(asked.done.values()),
        **{f"requests_{name}": count for name, count in sorted(asked.done.items())},
        "items_there": len(asked.labels),
        "items_removed": len(asked.removed),
        "memory_settled_mb": first / 1e6,
        "memory_end_mb": last / 1e6,
        "memory_growth": last / first - 1,
    }


async def load(
    server: Serving, pictures: list[bytes], seconds: float
) -> tuple[Soak, list[tuple[float, int]]]:
    """Let clients work; return what they saw, and (seconds, bytes of memory) as they went by."""
    started = time.monotonic()
    asked = Soak(server.port, pictures, started + seconds)
    memory: list[tuple[float, int]] = []

    async def watch() -> None:
        while time.monotonic() < asked.end:
            memory.append((time.monotonic() - started, server.memory()))
            await asyncio.sleep(min(1.0, seconds / 20))

    await asyncio.gather(watch(), *(asked.work() for _ in range(CLIENTS)))
    return asked, memory
