"""The processes of one training, on one machine or many: how they meet, agree and part.

Under JAX a step is computed over the devices of all of them together. The first coordinates.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import importlib
import json
import os
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from siam.errors import RunError, SiamError, UsageError
from siam.progress import Progress, silent

__all__ = [
    "Place",
    "agree",
    "join_processes",
    "leave_processes",
    "parse_place",
    "process",
    "share",
]

# Seconds until all must have come: a cluster starts the parts of a job at different times.
WAIT = 300.0
# Seconds until one that went without its connections being closed, as in a power cut, is missed.
MISSED = 60
# What a process that JAX ends meanwhile has to say its own last words in.
LAST_WORDS = 30.0
# What C++ calls must outlive what made it.
_handlers: list[Any] = []
AGAIN = "Start all of them again, with  --resume"


@dataclass(frozen=True)
class Place:
    """One of the processes of a training.

    Attributes:
        host, port: where the first of them listens.
        number: which it is, from 0.
        count: how many there are.
    """

    host: str
    port: int
    number: int
    count: int

    @property
    def first(self) -> str:
        """Return where the first listens, in one word."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def process() -> tuple[int, int]:
    """Return this process's number, from 0, and how many there are; (0, 1) but under JAX."""
    import keras

    if keras.backend.backend() != "jax":
        return 0, 1
    jax: Any = importlib.import_module("jax")
    return int(jax.process_index()), int(jax.process_count())


def share(content: bytes) -> bytes:
    """Return the first process's content, in every process; all of them must come to this point."""
    number, count = process()
    if count == 1:
        return content
    import numpy as np

    together: Any = importlib.import_module("jax.experimental.multihost_utils")
    size = int(together.broadcast_one_to_all(np.array(len(content), np.int32)))
    sent = np.zeros(size, np.uint8) if number else np.frombuffer(content, np.uint8)
    return bytes(np.asarray(together.broadcast_one_to_all(sent)))


def agree(value: Any) -> Any:
    """Return the first process's value, of what JSON can say, in every process, as `share` does."""
    return value if process()[1] == 1 else json.loads(share(json.dumps(value).encode()))


@contextlib.contextmanager
def join_processes(
    place: Place,
    *,
    tell: Callable[[SiamError], None],
    wait: float = WAIT,
    progress: Progress = silent,
) -> Iterator[int]:
    """Be one of the processes of a training inside; JAX must be the backend, and not be up yet.

    Args:
        place: which of them.
        tell: told the error where none can be raised: JAX ends a process that has lost another
            from a thread of its own.
        wait: seconds until all must be there.
        progress: told that they are waited for.

    Yields:
        This process's number, from 0.

    Raises:
        UsageError: KERAS_BACKEND is another, or the port is in use here.
        RunError: not all are there in time, or one has ended.
    """
    backend, count = os.environ.get("KERAS_BACKEND"), place.count
    if backend != "jax":
        raise UsageError(
            f"--hosts needs the backend jax, received {backend}.", "Add  --backend jax"
        )
    error = RunError(
        f"Not all {count} processes were at {place.first} within {wait:g} s.",
        f"Start each of 1/{count} to {count}/{count} with the same --hosts.",
    )
    await_first(place, wait, progress) if place.number else refuse_port(place.port)
    ending = threading.Event()

    def end(_: int) -> None:
        if ending.is_set():  # the main thread is about to say why, and to go
            time.sleep(LAST_WORDS)
        tell(error)
        os._exit(error.exit_code)

    with handling_abort(end):
        try:
            connect(place, wait, progress)
            error = RunError("Another process of the training ended, or cannot be reached.", AGAIN)
            yield place.number
        except BaseException as raised:
            ending.set()
            words = str(raised) if isinstance(raised, Exception) else ""
            lost = re.search("Gloo|NCCL|oordination", words) and not isinstance(raised, SiamError)
            go_at_exit(raised if not lost else error)
            if lost:
                raise error from raised
            raise


def leave_processes() -> None:
    """Part from the others, all of which must come to this point; each goes on alone from here."""
    if process()[1] > 1:
        share(b"")
        importlib.import_module("jax").distributed.shutdown()


def parse_place(first: str, which: str) -> Place:
    """Return the place that a process is given.

    Args:
        first: "HOST:PORT" of the first process, which listens there.
        which: "I/N": which of how many this one is, from 1.

    Raises:
        UsageError: there can be no such place.

    Example:
        >>> parse_place("first-machine:1234", "2/4")
        Place(host='first-machine', port=1234, number=1, count=4)
    """
    host, _, port = first.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        raise UsageError(
            f"--hosts must be HOST:PORT of the first process, received {first!r}.",
            "Write it as  --hosts first-machine:1234",
        )
    parts = re.fullmatch(r"(\d{1,6})/(\d{1,6})", which)
    number, count = map(int, parts.groups()) if parts else (0, 0)
    if not 1 <= number <= count or count < 2:
        raise UsageError(
            f"--host must be I/N, process I of N, two at least, received {which!r}.",
            "Write it as  --host 1/2",
        )
    return Place(host.strip("[]"), int(port), number - 1, count)


def refuse_port(port: int) -> None:
    """Refuse a port that is in use here; JAX would share it with whoever listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError as error:
            raise UsageError(
                f"The first process cannot listen on port {port} ({error.strerror}).",
                "Name another port, to all processes:  --hosts HOST:PORT",
            ) from error


def await_first(place: Place, wait: float, progress: Progress) -> None:
    """Wait until the first process listens."""
    first = place.first
    until, reason = time.monotonic() + wait, ""
    while time.monotonic() < until:
        progress(f"Waiting for the first process at {first}", 0, 0)
        try:
            socket.create_connection((place.host, place.port), timeout=5).close()
            return
        except OSError as error:
            reason = error.strerror or str(error)
        time.sleep(0.2)
    raise RunError(
        f"The first process cannot be reached at {first} within {wait:g} s ({reason}).",
        "Start it there, and see that the address and the port are open to this machine.",
    )


def connect(place: Place, wait: float, progress: Progress) -> None:
    """Bring JAX up together with the other processes."""
    jax: Any = importlib.import_module("jax")
    # It would catch SIGTERM, for checkpoints of its own kind.
    jax.config.update("jax_enable_preemption_service", False)
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    failed: list[BaseException] = []

    def initialize() -> None:
        try:
            jax.distributed.initialize(
                place.first,
                place.count,
                place.number,
                initialization_timeout=max(1, round(wait)),
                heartbeat_timeout_seconds=MISSED,
                shutdown_timeout_seconds=MISSED,
                cluster_detection_method="deactivate",
            )
            jax.devices()  # here, since each waits for all to come up
        except BaseException as error:
            failed.append(error)

    # Beside the main thread, so that Ctrl-C is heard.
    thread = threading.Thread(target=initialize, daemon=True)
    thread.start()
    while thread.is_alive():
        progress(f"Waiting for all {place.count} processes", 0, 0)
        thread.join(0.2)
    if failed:
        raise failed[0]


@contextlib.contextmanager
def handling_abort(end: Callable[[int], None]) -> Iterator[None]:
    """Call a function on the thread that C++ aborts the process from, in place of that."""
    if sys.platform == "win32":
        yield
        return
    kind = ctypes.CFUNCTYPE(None, ctypes.c_int)
    handler, library = kind(end), ctypes.CDLL(None)
    library.signal.argtypes, library.signal.restype = (ctypes.c_int, kind), ctypes.c_void_p
    _handlers.append(handler)
    library.signal(signal.SIGABRT, handler)
    yield
    signal.signal(signal.SIGABRT, signal.SIG_DFL)  # after an error not until the process is gone


def go_at_exit(raised: BaseException) -> None:
    """End the process by the exit code of an error when Python's own end would begin.

    JAX's part in that waits for processes that may be gone, and aborts.
    """
    interrupted = isinstance(raised, KeyboardInterrupt)
    code = 130 if interrupted else getattr(raised, "exit_code", SiamError.exit_code)

    def go() -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)

    atexit.register(go)
