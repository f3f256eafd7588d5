"""The page's own files: those of the package, by plain names and known kinds alone."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from siam.web.api_error import ApiError

__all__ = ["ROOT", "serve_file"]

ROOT = Path(__file__).with_name("static")
# Not what the system's table of kinds says, which some programs change.
KINDS = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
PLAIN = re.compile(r"(?:[A-Za-z0-9_][\w.-]*/)*[A-Za-z0-9_][\w.-]*", re.ASCII)
PACKED = (".png", ".woff2")  # as small as they get


@dataclass(frozen=True)
class Content:
    """A file as it is sent."""

    plain: bytes
    packed: bytes | None
    kind: str
    tag: str


def serve_file(request: Request, name: str) -> Response:
    """Answer with a file of the page.

    Args:
        request: says what the browser has, and whether it unpacks gzip.
        name: relative to the folder, "/" between its parts.

    Raises:
        ApiError: there is no such file.
    """
    path = ROOT / name
    suffix = Path(name).suffix
    if not PLAIN.fullmatch(name) or suffix not in KINDS or not path.is_file():
        raise ApiError(404, "not_found", "There is no such file.")
    stat = path.stat()
    content = read(path, stat.st_mtime_ns, stat.st_size)
    # Asked for again each time, and sent again only when it was changed.
    headers = {"cache-control": "no-cache", "etag": content.tag, "vary": "accept-encoding"}
    if request.headers.get("if-none-match") == content.tag:
        return Response(status_code=304, headers=headers)
    body = content.plain
    if content.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        body = content.packed
        headers["content-encoding"] = "gzip"
    return Response(body, headers={**headers, "content-type": content.kind})


@lru_cache(maxsize=256)
def read(path: Path, changed: int, size: int) -> Content:
    """Read a file, once for each time that it was changed."""
    plain = path.read_bytes()
    packed = None if path.suffix in PACKED else gzip.compress(plain, 6, mtime=0)
    tag = f'"{hashlib.sha256(plain).hexdigest()[:32]}"'
    return Content(plain, packed, KINDS[path.suffix], tag)
