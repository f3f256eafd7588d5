"""Ask a siam server: connections that are kept open, waiting while it is busy, its errors as ours.

One object may be shared between threads: each call takes an idle connection or opens one.
"""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import SplitResult, quote, urlencode, urlsplit

import msgspec

from siam.errors import (
    DataError,
    InternalError,
    PictureError,
    RunError,
    SiamError,
    StoreError,
    UsageError,
)

__all__ = ["API", "Server", "is_loopback"]

T = TypeVar("T")
API = "/api/v1"
# An answer that is longer is no siam server's.
MOST = 256 * 2**20
# Seconds to wait where a busy server does not say how long.
PAUSE = 0.5
# What the server says, as the error that the same fault is on the machine of the run: by the code
# of its error, and where that is none of these by the status.
BY_CODE: dict[str, type[SiamError]] = {
    "usage": UsageError,
    "picture": PictureError,
    "data": DataError,
    "extra": DataError,
    "store": StoreError,
    "run": RunError,
}
BY_STATUS: dict[int, type[SiamError]] = {
    400: UsageError,
    401: UsageError,
    403: UsageError,
    413: DataError,
    415: DataError,
    422: DataError,
    500: InternalError,
}
BUSY = (429, 503)


class Fault(msgspec.Struct, frozen=True):
    """What a server says is wrong."""

    message: str
    code: str = ""
    cure: str = ""


class FaultReply(msgspec.Struct, frozen=True):
    """The answer in whose place a fault is told."""

    error: Fault


class Server:
    """A siam server, asked over connections that are kept open. Safe to share between threads.

    Args:
        url: http://HOST[:PORT] or https://..., perhaps with a path in front of the server's own.
        token: what the server was started with; sent in a header alone, and never over plain http
            to another machine.
        timeout: seconds that one call may take, waiting for a busy server included.

    Raises:
        UsageError: no such URL, or the token would go over the network in the clear.

    Example:
        >>> Server("http://127.0.0.1:8000/").url
        'http://127.0.0.1:8000'
    """

    def __init__(self, url: str, *, token: str | None = None, timeout: float = 60.0) -> None:
        self._parts = read_url(url)
        self.url = self._parts.geturl()
        if token and self._parts.scheme == "http" and not is_loopback(self._parts.hostname or ""):
            raise UsageError(
                f"The token is not sent to {self.url}: anybody on the way could read it.",
                "Ask over https, or through a tunnel to 127.0.0.1.",
            )
        if token and not (token.isascii() and token.isprintable()):
            raise UsageError("A token is printable ASCII in one line, received something else.")
        self._headers = {"Accept": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._timeout = timeout
        self._idle: list[http.client.HTTPConnection] = []

    def ask(
        self,
        method: str,
        path: str,
        kind: type[T],
        *,
        query: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        content_type: str = "application/json",
        changes: bool = False,
    ) -> T:
        """Send one request and return its checked answer.

        Args:
            method: such as "GET".
            path: below the API's own, such as "/items/7".
            kind: what the answer must hold, a msgspec type.
            query: values of the URL's query; None is left out, a list is repeated.
            body, content_type: what is sent.
            changes: True for what must not be done twice: it never goes over a connection that
                may have been closed meanwhile.

        Raises:
            SiamError: what the server said, as the same fault is told on the machine of the run.
            RunError: no siam server answers there, or it was busy for too long.
        """
        given = {name: value for name, value in (query or {}).items() if value is not None}
        target = f"{self._parts.path}{API}{quote(path)}"
        if given:
            target += "?" + urlencode(given, doseq=True)
        headers = self._headers | ({"Content-Type": content_type} if body is not None else {})
        until = time.monotonic() + self._timeout
        while True:
            status, pause, content = self._send(method, target, body, headers, until, changes)
            if status not in BUSY or time.monotonic() + pause >= until:
                break
            time.sleep(pause)
        if status >= 300:
            raise self._error_of(status, content)
        try:
            return msgspec.json.decode(content or b"null", type=kind)
        except (msgspec.DecodeError, RecursionError) as reason:
            raise RunError(
                f"{self.url} answered what this siam does not understand: {reason}.",
                "Check the address, and that both sides have the same version of siam.",
            ) from None

    def close(self) -> None:
        """Close the connections that are idle; the next call opens one again."""
        while self._idle:
            self._idle.pop().close()

    def _send(
        self,
        method: str,
        target: str,
        body: bytes | None,
        headers: Mapping[str, str],
        until: float,
        changes: bool,
    ) -> tuple[int, float, bytes]:
        """Return an answer's status, the seconds to wait if it is "busy", and its content."""
        while True:
            connection = self._take(changes)
            kept = connection.sock is not None
            try:
                connection.timeout = max(0.01, until - time.monotonic())
                if connection.sock is not None:
                    connection.sock.settimeout(connection.timeout)
                # What is refused before all of it was sent: the answer that says why may be there.
                with suppress(BrokenPipeError, ConnectionResetError):
                    connection.request(method, target, body, dict(headers))
                answer = connection.getresponse()
                content = answer.read(MOST + 1)
            except (http.client.HTTPException, OSError) as reason:
                connection.close()
                # A server may close what was idle for long, which shows only now.
                if kept and isinstance(reason, ConnectionError | http.client.BadStatusLine):
                    continue
                raise self._unreachable(reason) from None
            if len(content) > MOST:
                connection.close()
                raise RunError(f"{self.url} answered with more than {MOST:,} bytes.")
            if answer.will_close:
                connection.close()
            else:
                self._idle.append(connection)
            return answer.status, pause_of(answer.headers.get("Retry-After")), content

    def _take(self, fresh: bool) -> http.client.HTTPConnection:
        """Return an idle connection, or one that opens itself."""
        with suppress(IndexError):
            connection = self._idle.pop()
            if fresh:
                connection.close()
            return connection
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "http":
            return http.client.HTTPConnection(host, port)
        return http.client.HTTPSConnection(host, port, context=ssl.create_default_context())

    def _unreachable(self, reason: Exception) -> RunError:
        """Say why there was no answer."""
        if isinstance(reason, TimeoutError):
            return RunError(
                f"{self.url} did not answer within {self._timeout:g} seconds.",
                "Ask again, or allow more:  siam.connect(URL, timeout=300)",
            )
        if isinstance(reason, ssl.SSLCertVerificationError):
            return RunError(
                f"The certificate of {self.url} does not hold: {reason.verify_message}.",
                "A certificate of one's own is named by the variable SSL_CERT_FILE.",
            )
        told = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
        return RunError(f"No siam server answers at {self.url}: {told}.", "Start one:  siam serve")

    def _error_of(self, status: int, content: bytes) -> SiamError:
        """Return a status that is no answer as an error of siam's family."""
        try:
            fault = msgspec.json.decode(content, type=FaultReply).error
        except (msgspec.DecodeError, RecursionError):
            what = "sends elsewhere" if status < 400 else "is no siam server's, or one in front"
            fault = Fault(f"{self.url} answered with status {status}: it {what}.")
        kind = BY_CODE.get(fault.code) or BY_STATUS.get(status, RunError)
        return kind(fault.message, fault.cure)


def read_url(url: str) -> SplitResult:
    """Return a server's address in its parts, without a slash at its end.

    Raises:
        UsageError: it is no http or https address, or holds more than host, port and path.
    """
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # no port
        good = False
    if not good:
        raise UsageError(
            f"A server's address is http://HOST:PORT or https://HOST, received {url!r}.",
            "Such as:  siam.connect('http://127.0.0.1:8000')",
        )
    if parts.username is not None or parts.query or parts.fragment:
        raise UsageError(
            f"An address holds host, port and path alone; {parts.hostname}'s holds more.",
            "A token is an argument of its own:  siam.connect(URL, token=...)",
        )
    return parts._replace(path=parts.path.rstrip("/"))


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine and nothing else.

    Example:
        >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("192.168.1.5")
        (True, True, False)
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def pause_of(told: str | None) -> float:
    """Return the seconds that a busy server asks to wait; a date is none that it sends."""
    return float(told) if told and told.isascii() and told.isdigit() else PAUSE
