"""The server as a process: what it says, how it stops, what is under way then."""

from __future__ import annotations

import http.client
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

Launch = Callable[..., tuple["subprocess.Popen[str]", int]]


@pytest.fixture
def launch(digits: Path) -> Iterator[Launch]:
    """Start `siam serve` on a free port; return the process and its port when it answers."""
    processes: list[subprocess.Popen[str]] = []

    def begin(*options: str) -> tuple[subprocess.Popen[str], int]:
        command = [sys.executable, "-m", "siam.cli", "serve", "--run", "digits", "--port", "0"]
        process = subprocess.Popen(
            [*command, *options], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        processes.append(process)
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
        assert found, line
        assert "digits" in line
        return process, int(found[1])

    yield begin
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["TERM", "INT"])
def test_what_is_under_way_is_finished(launch: Launch, digit: bytes, number: int) -> None:
    process, port = launch()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.putrequest("POST", "/api/v1/query")
    connection.putheader("content-type", "image/png")
    connection.putheader("content-length", str(len(digit)))
    connection.endheaders(digit[:50])
    time.sleep(0.3)  # the server has begun to read
    process.send_signal(number)
    time.sleep(0.3)
    connection.send(digit[50:])
    response = connection.getresponse()
    assert response.status == 200 and b'"match"' in response.read()
    _, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert said == "Stopped.\n"


def test_clients_that_leave_before_their_answer_end_nothing(launch: Launch, digit: bytes) -> None:
    """A socket that the other side has closed sends a signal, which ends most commands."""
    process, port = launch()
    head = b"GET /api/v1/items?limit=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n"

    def leave(seed: int) -> None:
        delays = random.Random(seed)
        for count in range(60):
            with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
                client.sendall(head * (1 + count % 4))
                time.sleep(delays.random() * 0.03)

    threads = [threading.Thread(target=leave, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/api/v1/query", digit, {"content-type": "image/png"})
    assert connection.getresponse().status == 200
    assert process.poll() is None


def test_nobody_is_answered_after_it_stopped(launch: Launch) -> None:
    process, port = launch()
    process.terminate()
    process.wait(30)
    with pytest.raises(ConnectionRefusedError):
        http.client.HTTPConnection("127.0.0.1", port, timeout=5).request("GET", "/")


def test_it_is_ready_without_tensorflow(launch: Launch, digit: bytes) -> None:
    process, port = launch()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/api/v1/query", digit, {"content-type": "image/png"})
    assert connection.getresponse().status == 200
    maps = Path(f"/proc/{process.pid}/maps")
    if maps.exists():
        assert not re.search("tensorflow|libtorch|jaxlib", maps.read_text("utf-8"))


def test_a_port_that_is_taken(launch: Launch) -> None:
    _, port = launch()
    command = [sys.executable, "-m", "siam.cli", "serve", "--run", "digits", "--port", str(port)]
    second = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert second.returncode == 2
    assert f"Port {port}" in second.stderr and "--port 0" in second.stderr


def test_its_log_tells_routes_and_no_values(launch: Launch) -> None:
    process, port = launch("--access-log")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/api/v1/items?label=secret-label")
    assert connection.getresponse().read()
    broken = {"content-type": "multipart/form-data; boundary=b"}
    connection.request("POST", "/api/v1/verify", b"--secret", broken)
    assert connection.getresponse().read()
    connection.close()
    process.terminate()
    _, said = process.communicate(timeout=30)
    assert re.search(r"INFO GET \S*/items 200 \d", said)
    assert "secret" not in said
    assert len(said.splitlines()) == 3  # and nothing of a library's on what a client sent


def test_many_at_once_are_answered_in_batches(launch: Launch, digit: bytes) -> None:
    process, port = launch("--rate", "0")
    failed: list[object] = []

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for _ in range(20):
            connection.request("POST", "/api/v1/query", digit, {"content-type": "image/png"})
            response = connection.getresponse()
            content = response.read()
            if response.status != 200 or b'"match"' not in content:
                failed.append(content)

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/api/v1/metrics")
    told = connection.getresponse().read().decode()
    batches, pictures = (
        float(re.search(rf"^{name} ([\d.]+)$", told, re.M)[1])  # type: ignore[index]
        for name in ("siam_batches_total", "siam_batched_pictures_total")
    )
    assert pictures == 320 and batches < 320
    assert process.poll() is None
