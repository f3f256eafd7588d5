"""What a server is told when it is started."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["HOST", "PORT", "RATE", "Settings"]

HOST, PORT = "127.0.0.1", 8000
# Requests a second from one address: far above what a page or a program that waits for its answers
# sends, far below what keeps others out.
RATE = 1000.0


@dataclass(frozen=True)
class Settings:
    """What a server serves, to whom, and how much of it.

    Attributes:
        run: a run's name or path; the newest finished run when None.
        writable: whether items may be added, labelled and removed.
        label: a folder whose pictures are to be labelled; None for none.
        store: where the run's gallery is asked; as for `siam.engine.open_run.open_run`.
        token: what a client has to know; "" where nobody is asked.
        host: the address that is listened on; from another than loopback any host name that is an
            address is answered.
        hosts: further names under which the server is reached.
        rate: requests a second from one address; 0 for any number.
        body_bytes: most bytes of a request.
        pictures: most pictures in memory; more are refused until some are answered.
        held_bytes: most bytes of requests in memory.
        body_seconds: longest wait for the next piece of a request.
    """

    run: str | None = None
    writable: bool = False
    label: Path | None = None
    store: str | None = None
    token: str = field(default="", repr=False)
    host: str = HOST
    hosts: tuple[str, ...] = ()
    rate: float = RATE
    body_bytes: int = 64 * 2**20
    pictures: int = 512
    held_bytes: int = 256 * 2**20
    body_seconds: float = 20.0
