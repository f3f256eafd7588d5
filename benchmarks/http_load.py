"""What load on a server is made of: requests as bytes, connections that are kept, a server process.

A client costs a tenth of a millisecond for a request, so that on two cores it is the server that is
measured.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

API = "/api/v1"
BOUNDARY = "7d9c4e1f6a"
ENVIRONMENT = {n: v for n, v in os.environ.items() if n != "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True)
class Serving:
    """A server that runs.

    Attributes:
        port: on 127.0.0.1.
        process: its own.
        seconds: from its start until it first answered.
        cpu_seconds: of the processor until then (Linux).
    """

    port: int
    process: subprocess.Popen[bytes]
    seconds: float
    cpu_seconds: float

    def memory(self) -> int:
        """Bytes of memory that no file gives back (Linux).

        What is mapped of a library is one process's alone as long as no other has it open.
        """
        told = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text("utf-8")
        (line,) = (line for line in told.splitlines() if line.startswith("Anonymous:"))
        return 1024 * int(line.split()[1])

    def cpu(self) -> float:
        """Seconds of the processor so far (Linux)."""
        return cpu_of(self.process.pid)

    def libraries(self) -> str:
        """What is mapped into it (Linux)."""
        return Path(f"/proc/{self.process.pid}/maps").read_text("utf-8")

    def stop(self) -> int:
        """Stop it as a service manager does; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


@contextmanager
def serve(run: Path, *options: str) -> Iterator[Serving]:
    """Start a server of a run on a free port, and stop it at the end."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "siam.cli", "serve", "--run", str(run), "--port", str(port)]
    started = time.perf_counter()
    process = subprocess.Popen([*command, "--no-open", *options], env=ENVIRONMENT)
    try:
        while not answers(port):
            if process.poll() is not None or time.perf_counter() - started > 60:
                raise SystemExit(f"The server did not come up: {' '.join(command)}")
            time.sleep(0.005)
        yield Serving(port, process, time.perf_counter() - started, cpu_of(process.pid))
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(timeout=60)


def cpu_of(process: int) -> float:
    """Return the seconds of the processor that a process has taken (Linux)."""
    told = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def answers(port: int) -> bool:
    """Say whether a server answers /health."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(request("GET", "/health", close=True))
            return connection.recv(100).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def request(
    method: str, path: str, body: bytes = b"", kind: str = "", *, close: bool = False
) -> bytes:
    """Return a request as it goes over the wire."""
    head = f"{method} {API}{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    if method != "GET":
        head += f"Content-Type: {kind or 'application/octet-stream'}\r\n"
        head += f"Content-Length: {len(body)}\r\n"
    return (head + ("Connection: close\r\n" if close else "") + "\r\n").encode() + body


def form(
    parts: Sequence[tuple[str, bytes]], fields: Mapping[str, str] | None = None
) -> tuple[bytes, str]:
    """Return the body of a form with a picture for each (name, content), and its content type."""
    body = b""
    for name, value in (fields or {}).items():
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        body += head.encode() + value.encode() + b"\r\n"
    for name, content in parts:
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="a.png"'
        body += head.encode() + b"\r\nContent-Type: image/png\r\n\r\n" + content + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode(), f"multipart/form-data; boundary={BOUNDARY}"


class Client:
    """One connection that is kept.

    Args:
        port: of the server.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, content: bytes) -> tuple[int, bytes]:
        """Send a request and return the answer's status and body."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(content)
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next((int(one[15:]) for one in lines if one.startswith(b"content-length:")), 0)
        body = await reader.readexactly(length)
        if b"connection: close" in lines:
            self.close()
        return int(head[9:12]), body

    async def ask_json(self, content: bytes) -> tuple[int, Any]:
        """Send a request and return the answer's status and what its body says."""
        status, body = await self.ask(content)
        return status, json.loads(body) if body[:1] == b"{" else body

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None
