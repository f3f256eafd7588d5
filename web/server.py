"""Start the server: a socket of its own, one line when it is ready, and a stop that finishes."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator
from types import FrameType

import uvicorn

from siam.engine.api.http_connection import is_loopback
from siam.errors import UsageError
from siam.printable import printable
from siam.web.app import create_app
from siam.web.http_protocol import HttpProtocol
from siam.web.malloc_arenas import bound_arenas
from siam.web.settings import Settings

__all__ = ["serve"]

# Seconds that requests under way may take once the server is stopped.
FINISH = 10
STOPS = (signal.SIGINT, signal.SIGTERM)
# Connections at once, and seconds that one is kept open for its client's next request.
CONNECTIONS, KEPT_ALIVE = 500, 15


def serve(
    settings: Settings, *, port: int, ready: Callable[[str, str], None], access_log: bool = False
) -> None:
    """Serve a run until SIGINT or SIGTERM; what is under way then is finished.

    Called by the main thread, which alone gets signals.

    Args:
        settings: what is served, and to whom.
        port: to listen on; 0 for any that is free.
        ready: told the server's URL and the run's name when it answers.
        access_log: write a line for each request, without the values that it asks with.

    Raises:
        UsageError: an address that is not this machine's, or a port that is taken.
        RunError: there is no such run, or it is damaged.
    """
    check_token(settings)
    bound_arenas()
    listener = listen(settings.host, port)
    with listener:
        app = create_app(settings)
        config = uvicorn.Config(
            app,
            http=HttpProtocol,
            lifespan="on",
            ws="none",
            log_config=None,
            access_log=False,  # writes query values
            server_header=False,
            proxy_headers=False,
            date_header=True,
            limit_concurrency=CONNECTIONS,
            timeout_keep_alive=KEPT_ALIVE,
            timeout_graceful_shutdown=FINISH,
        )
        name = app.state.service.runs.default.name
        with log_lines(logging.INFO if access_log else logging.WARNING), quiet_signals():
            Server(config, lambda: ready(url_of(listener), name)).run(sockets=[listener])


class Server(uvicorn.Server):
    """A server that says when it answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        if self.started:
            # What is loaded by now stays: looking through it for cycles holds all answers up.
            gc.freeze()
            self._ready()


@contextlib.contextmanager
def quiet_signals() -> Iterator[None]:
    """Let a signal that has stopped the server stop nothing else: uvicorn raises it again."""
    before = {number: signal.signal(number, ignore) for number in STOPS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ignore(number: int, frame: FrameType | None) -> None:
    """Do nothing."""


class Lines(logging.Formatter):
    """A line each, what came from outside shown with its control characters escaped."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Return the line; a traceback comes after it."""
        return printable(super().formatMessage(record))


@contextlib.contextmanager
def log_lines(level: int) -> Iterator[None]:
    """Write to stderr what the server has to tell from this level on."""
    handler = logging.StreamHandler()
    handler.setFormatter(Lines("%(asctime)s %(levelname)s %(message)s"))
    loggers = {
        logging.getLogger("siam.web"): level,
        logging.getLogger("uvicorn"): logging.WARNING,
        # It warns of each broken form: a client could fill a disk with that.
        logging.getLogger("python_multipart"): logging.ERROR,
    }
    for logger, wanted in loggers.items():
        logger.setLevel(wanted)
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)


def check_token(settings: Settings) -> None:
    """Refuse to be reached by others without a token, be it through a proxy on this machine.

    Raises:
        UsageError: there is none.
    """
    names = [*settings.hosts, *([] if is_loopback(settings.host) else [settings.host])]
    if names and not settings.token:
        raise UsageError(
            f"{names[0]} is reached by other machines, and no token keeps strangers out.",
            "Set SIAM_SERVE_TOKEN (or --token-file FILE), such as to what "
            "`python -c 'import secrets; print(secrets.token_urlsafe(32))'` prints; put TLS in "
            "front (docs/web.md).",
        )


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        UsageError: it cannot.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise UsageError(f"There is no address {host}: {error.strerror}.") from None
    try:
        if os.name == "posix":  # Windows would let two servers have one port by it
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise UsageError(
            f"Port {port} of {host} cannot be listened on: {error.strerror}.",
            "Take another:  siam serve --port 0",
        ) from None
    return listener


def url_of(listener: socket.socket) -> str:
    """Return where a browser finds the server."""
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):
        host = socket.gethostname()
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"
