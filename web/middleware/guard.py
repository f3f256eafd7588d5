"""Who is let in: the host names that are answered, no other site's page, a token, not too often.

A page of another site may send requests to a server on its visitor's machine, and with DNS
rebinding under a name of its own: so the Host is checked always, and where a request came from
before anything is changed or computed.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import ipaddress
import socket
import time
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from siam.engine.api.http_connection import API, is_loopback
from siam.web.api_error import ApiError
from siam.web.middleware.rate_limit import RateLimit
from siam.web.settings import Settings

__all__ = ["Guard", "cookie_name", "is_token", "session_value"]

# What is answered without a token: that the server is up, and how to sign in.
OPEN = (f"{API}/health", f"{API}/session")
SAFE = ("GET", "HEAD", "OPTIONS")
# Seconds for which a page is signed in.
SIGNED_IN = 12 * 3600


class Guard:
    """Turns away what is not to be answered.

    Args:
        app: answers the rest.
        settings: token, names and rate.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._rate = RateLimit(settings.rate)
        self._local = is_loopback(settings.host)
        self._names = {"localhost", *settings.hosts}
        if not self._local:  # as the line says where it answers, and as phones call it
            own = socket.gethostname().lower()
            self._names |= {own, f"{own}.local"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or say why not."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] == "http":
            self._check(scope)
        await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        client = scope["client"][0] if scope.get("client") else ""
        wait = self._rate.wait(client, time.monotonic())
        if wait:
            raise ApiError(
                429,
                "too_often",
                f"More than {self._settings.rate:g} requests a second.",
                "Wait, then go on more slowly.",
                wait,
            )
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        host = headers.get("host", "")
        names = [name for name, _ in scope["headers"] if name == b"host"]
        if len(names) != 1 or not self._is_own(host):
            raise ApiError(
                403,
                "host",
                "This server is not called by that name.",
                "Whoever runs it can allow the name:  siam serve --allow-host NAME",
            )
        if scope["method"] not in SAFE:
            check_origin(headers, host)
        path: str = scope["path"]
        if self._settings.token and path.startswith(API) and path not in OPEN:
            check_token(headers, self._settings.token, cookie_name(scope))

    def _is_own(self, host: str) -> bool:
        """Tell whether a Host header is one of this server's: no name that is bound elsewhere."""
        name = urlsplit(f"//{host}").hostname if host.isascii() and "@" not in host else None
        if not name:
            return False
        if name in self._names:
            return True
        with contextlib.suppress(ValueError):
            address = ipaddress.ip_address(name)
            return address.is_loopback or not self._local
        return False


def check_origin(headers: Mapping[str, str], host: str) -> None:
    """Refuse what another site's page sends.

    Raises:
        ApiError: it came from one.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    # Behind a proxy that speaks TLS the scheme is another one than here.
    same = origin is None or urlsplit(origin).netloc == host
    if not same or site not in (None, "same-origin", "none"):
        raise ApiError(403, "origin", "A page of another site sent this.", "Use this server's own.")


def check_token(headers: Mapping[str, str], token: str, name: str) -> None:
    """Refuse who does not know the token.

    Raises:
        ApiError: neither the header nor the cookie says it.
    """
    if is_token(headers, token) or is_signed_in(headers.get("cookie", ""), token, name):
        return
    raise ApiError(
        401, "token", "This server asks for its token.", "Send it:  Authorization: Bearer TOKEN"
    )


def is_token(headers: Mapping[str, str], token: str) -> bool:
    """Tell whether the header `Authorization` says the token, in a time that tells nothing."""
    word, _, given = headers.get("authorization", "").partition(" ")
    return hmac.compare_digest(given.encode(), token.encode()) and word.lower() == "bearer"


def is_signed_in(cookies: str, token: str, name: str) -> bool:
    """Tell whether a cookie is one that `session_value` made, and not too long ago."""
    with contextlib.suppress(CookieError, KeyError, ValueError):
        given = SimpleCookie(cookies)[name].value
        until, _, _ = given.partition(".")
        made = session_value(token, int(until))
        return hmac.compare_digest(given.encode(), made.encode()) and int(until) > time.time()
    return False


def session_value(token: str, until: int | None = None) -> str:
    """Return a cookie that stands for the token for some hours, and does not tell it.

    Args:
        token: the server's.
        until: seconds since 1970; some hours from now when None.
    """
    until = int(time.time()) + SIGNED_IN if until is None else until
    return f"{until}.{hmac.new(token.encode(), str(until).encode(), hashlib.sha256).hexdigest()}"


def cookie_name(scope: Scope) -> str:
    """Return what the cookie is called: browsers keep those of all ports of a host together."""
    port = scope["server"][1] if scope.get("server") else 0
    return f"siam_session_{port}"
